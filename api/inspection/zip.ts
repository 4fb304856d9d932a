import { finished } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** A file of a pack: its content is asked for when the reader has taken what came before. */
export type PackFile = { name: string; content: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array> };

/**
 * A ZIP of files that come one by one, as slowly as it is read: no more than one piece of one file is in memory. Where the files end with an error, so does
 * the stream, without the directory that a reader needs: half a pack does not pass for a whole one.
 */
export function zipOf(files: AsyncIterable<PackFile>, mtime: Date): Readable {
  const zip = new ZipFile();
  // yazl's types know less than it gives: a PassThrough
  const output = zip.outputStream as Readable;
  let source: Readable | undefined;
  output.once('close', () => source?.destroy());
  // One function for all entries: the ZIP keeps what each entry is read by until its end, and with it a stream and its content.
  const take = (give: (error: null, stream: Readable) => void): void => {
    if (source) give(null, source);
  };
  const fill = async (): Promise<void> => {
    for await (const { name, content } of files) {
      if (output.destroyed) return;
      source = Readable.from(content, { objectMode: false });
      zip.addReadStreamLazy(name, { mtime, mode: 0o644 }, take);
      ownName(zip);
      await finished(source);
    }
    zip.end();
  };
  fill().catch((error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))));
  return output;
}

/**
 * The ZIP keeps the name of each entry for its directory. As a slice of Node's shared pool of 64 kB, where the compressor's buffers lie too, a name would keep
 * some 20 kB alive for every entry.
 */
function ownName(zip: ZipFile): void {
  const entry = (zip as unknown as { entries?: { utf8FileName?: Buffer }[] }).entries?.at(-1);
  if (!entry?.utf8FileName) return;
  const own = Buffer.allocUnsafeSlow(entry.utf8FileName.length);
  entry.utf8FileName.copy(own);
  entry.utf8FileName = own;
}
