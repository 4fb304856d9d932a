import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BILLS } from '#dev/bills/bill.ts';
import { billPdf } from '#dev/bills/pdf.ts';
import { structuredXml } from '#dev/bills/xml.ts';

const folder = await mkdtemp(join(tmpdir(), 'read-'));
afterAll(() => rm(folder, { recursive: true }));

type Answer = {
  file: string;
  kind: string;
  fields: Record<string, { value: unknown; source: string | null; confidence: number }>;
  findings: { code: string }[];
};
function run(...paths: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['dev/read.ts', ...paths], (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }));
  });
}
async function put(name: string, content: Buffer | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test('one array with an entry for each file, good or bad, and nothing else', async () => {
  const paths = [
    await put('bill.xml', structuredXml(BILLS.outpatient)),
    await put('bill.pdf', await billPdf(BILLS.digital)),
    await put('empty.jpg', ''),
    join(folder, 'missing.pdf'),
    folder,
    '/dev/null',
    await put('年 3 月 的 发票.xml', structuredXml(BILLS.digital)),
    await put('huge.pdf', Buffer.alloc(20 * 1024 * 1024 + 1)),
    '-',
  ];
  const { code, out, err } = await run(...paths);
  const answers = JSON.parse(out) as Answer[];
  expect([code, err]).toEqual([0, '']);
  expect(answers.map(({ file, kind, findings }) => [file, kind, findings.map((each) => each.code)])).toEqual([
    ['bill.xml', 'XML', []],
    ['bill.pdf', 'PDF', []],
    ['empty.jpg', 'UNKNOWN', ['DOCUMENT_EMPTY']],
    ['missing.pdf', 'UNKNOWN', ['NOT_FOUND']],
    [expect.stringContaining('read-'), 'UNKNOWN', ['NOT_FOUND']],
    ['null', 'UNKNOWN', ['NOT_FOUND']],
    ['年 3 月 的 发票.xml', 'XML', []],
    ['huge.pdf', 'UNKNOWN', ['BODY_TOO_LARGE']],
    ['-', 'UNKNOWN', ['NOT_FOUND']],
  ]);
  for (const { fields } of answers) {
    expect(Object.keys(fields)).toEqual(['type', 'code', 'number', 'checkCode', 'date', 'amount', 'payer', 'hospital', 'lines']);
    for (const field of Object.values(fields)) expect(Object.keys(field)).toEqual(['value', 'source', 'confidence']);
  }
  expect(answers[0]?.fields['amount']).toEqual({ value: '386.45', source: 'xml', confidence: 1 });
});

test('without a file it says how it is used', async () => {
  const { code, out, err } = await run();
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('npm run -s read -- FILE');
});
