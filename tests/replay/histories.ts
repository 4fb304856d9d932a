import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export const HISTORIES = join(import.meta.dirname, 'histories');

/** What a workflow did, as Temporal keeps it, and the claim's own history beside it: `MOVE STATE`, with a remark that says more in brackets. */
export type RecordedHistory = { workflowId: string; closed: boolean; trail: string[]; history: unknown };

export function readHistories(): (RecordedHistory & { file: string })[] {
  return readdirSync(HISTORIES)
    .toSorted()
    .map((file) => ({ file, ...(JSON.parse(gunzipSync(readFileSync(join(HISTORIES, file))).toString()) as RecordedHistory) }));
}
