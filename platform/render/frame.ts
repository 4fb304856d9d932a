/**
 * What the parent and the limited child say to each other: the length of a JSON text (4 bytes), the text, then bytes up to the end of the stream. Nothing cleverer, because
 * one side may have been taken over by the file it was reading.
 */
export type Frame = { head: unknown; body: Buffer };

const LENGTH_BYTES = 4;

export function encodeFrame(head: unknown, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const text = Buffer.from(JSON.stringify(head), 'utf8');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, body]);
}

/** undefined where the bytes are no frame. */
export function decodeFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + bytes.readUInt32BE();
  if (end > bytes.length) return undefined;
  try {
    return { head: JSON.parse(bytes.toString('utf8', LENGTH_BYTES, end)) as unknown, body: bytes.subarray(end) };
  } catch {
    return undefined;
  }
}

/** The child has what it needs to read files: what goes wrong from here on is the file's doing. */
export const READY = 0x52;
