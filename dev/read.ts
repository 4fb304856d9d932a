import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { unread, type DocumentReading } from '#domain/invoice/reading.ts';
import { openLetterReader } from '#platform/reading/letters.ts';
import { readDocument, type Readers } from '#platform/reading/read-document.ts';
import { openRenderer } from '#platform/render/renderer.ts';

const USAGE = `npm run -s read -- FILE…

Reads invoices (XML, OFD, PDF, JPEG, PNG, HEIC) and prints a JSON array: for each file its kind, fields and findings. No server is needed.
What cannot be read is an entry with a finding. Exit code: 0, and 2 where no file was named.`;

/** As many as the API takes of one file. */
const MAX_BYTES = 20 * 1024 * 1024;

async function main(paths: readonly string[]): Promise<void> {
  const readers: Readers = { files: openRenderer({ processes: 1 }), letters: openLetterReader() };
  const answers: ({ file: string } & DocumentReading)[] = [];
  for (const path of paths) answers.push({ file: basename(path), ...(await readFile(readers, path)) });
  console.log(JSON.stringify(answers, null, 2));
  await Promise.all([readers.files.close(), readers.letters?.close()]);
}

async function readFile(readers: Readers, path: string): Promise<DocumentReading> {
  let content: Buffer;
  try {
    const found = statSync(path);
    // a device has no end
    if (!found.isFile()) return { kind: 'UNKNOWN', ...unread({ code: 'NOT_FOUND', detail: 'not a file' }) };
    if (found.size > MAX_BYTES) return { kind: 'UNKNOWN', ...unread({ code: 'BODY_TOO_LARGE', detail: `more than ${MAX_BYTES} bytes` }) };
    content = readFileSync(path);
  } catch (error) {
    return { kind: 'UNKNOWN', ...unread({ code: 'NOT_FOUND', detail: error instanceof Error && 'code' in error ? String(error.code) : 'unreadable' }) };
  }
  return readDocument(readers, content);
}

const paths = process.argv.slice(2);
if (paths.length === 0) {
  console.error(USAGE);
  process.exitCode = 2;
} else await main(paths);
