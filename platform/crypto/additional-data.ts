/**
 * What a sealed value belongs to, as bytes that no other list of parts gives: each part behind its length, and their number in front. (Joined by a
 * separator, `['a:b', 'c']` and `['a', 'b:c']` would be the same, and a value could be moved from one to the other.)
 */
export function additionalData(...parts: readonly string[]): Buffer {
  const chunks = [uint32(parts.length)];
  for (const part of parts) {
    const bytes = Buffer.from(part, 'utf8');
    chunks.push(uint32(bytes.length), bytes);
  }
  return Buffer.concat(chunks);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
