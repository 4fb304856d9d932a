import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { RecordedHistory } from '../replay/histories.ts';
import { HISTORIES } from '../replay/histories.ts';
import type { Claim } from './claim.ts';

/** With RECORD_HISTORIES set (`npm run histories:record`), keeps the history of every claim of a test for the replay gate. */
export async function recordHistories(test: { testPath?: string; currentTestName?: string }, claims: readonly Claim[]): Promise<void> {
  if (!process.env['RECORD_HISTORIES']) return;
  mkdirSync(HISTORIES, { recursive: true });
  const file = basename(test.testPath ?? '').replace('.test.ts', '');
  const name = (test.currentTestName ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(-80)
    .replaceAll(/^-|-$/g, '');
  for (const [index, claim] of claims.entries()) {
    await claim.settles();
    const history: unknown = JSON.parse(historyToJSON(await claim.handle.fetchHistory()), withoutPlace);
    const recorded: RecordedHistory = { workflowId: claim.handle.workflowId, closed: (await claim.row()).closed, trail: await claim.trail(), history };
    writeFileSync(join(HISTORIES, `${file}.${name}${index > 0 ? `.${index + 1}` : ''}.json.gz`), gzipSync(JSON.stringify(recorded), { level: 9 }));
  }
}

/** Where and by whom it was recorded is nobody's business. */
function withoutPlace(key: string, value: unknown): unknown {
  if (key === 'identity') return 'recorder';
  return key === 'stackTrace' ? '' : value;
}
