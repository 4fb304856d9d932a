/** Where a story's lines go: to the terminal at once, or kept until it is its turn. */
export type Say = (line?: string) => void;

export function keepLines(): { say: Say; lines: string[] } {
  const lines: string[] = [];
  return { say: (line = '') => lines.push(line), lines };
}

export function clock(at: string): string {
  return new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at));
}

export const both = ({ zh, en }: { zh: string; en: string }): string => `${zh} · ${en}`;
