/**
 * Whether two texts are one person's name: full-width letters, spaces, and the dot that separates the parts of many names (阿依古丽·买买提, written with
 * half a dozen characters) make no difference.
 */
export function isSameHolder(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(name: string): string {
  return name
    .normalize('NFKC')
    .replaceAll(/[\s\p{Cf}]/gu, '')
    .replaceAll(/[·•∙⋅・‧.]/gu, '·')
    .toUpperCase();
}
