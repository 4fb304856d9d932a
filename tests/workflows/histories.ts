import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Claim } from './claim.ts';

export const HISTORIES = join(import.meta.dirname, '../replay/histories');

/** With RECORD_HISTORIES set (`npm run histories:record`), keeps the history of every claim of a test for the replay gate. */
export async function recordHistories(test: { testPath?: string; currentTestName?: string }, claims: readonly Claim[]): Promise<void> {
  if (!process.env['RECORD_HISTORIES']) return;
  mkdirSync(HISTORIES, { recursive: true });
  const file = basename(test.testPath ?? '').replace('.test.ts', '');
  const name = (test.currentTestName ?? '').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').slice(0, 80);
  for (const [index, claim] of claims.entries()) {
    const history = await claim.handle.fetchHistory();
    const { state } = await claim.row();
    const recorded = { test: `${file}: ${test.currentTestName}`, state, events: await claim.trail(), history: JSON.parse(historyToJSON(history)) as unknown };
    writeFileSync(join(HISTORIES, `${file}.${name}${index > 0 ? `.${index + 1}` : ''}.json.gz`), gzipSync(JSON.stringify(recorded), { level: 9 }));
  }
}
