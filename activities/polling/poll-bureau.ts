import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type { BureauGateway } from '#domain/bureau/gateway.ts';
import type { Database } from '#prisma/database.ts';
import { storeMessage } from '#prisma/queries/inbox.ts';
import { listAwaitingAnswer } from '#prisma/queries/submissions.ts';
import { writeWorkflowCommand } from '#prisma/queries/workflow-commands.ts';

const BATCH = 100;

/** The bureau's side of what callbacks may have lost. */
export function pollActivities({ database, bureaus }: { database: Database; bureaus: ReadonlyMap<string, BureauGateway> }) {
  /**
   * Asks the bureau, in batches, for every claim that waits for it, and puts what it answers into the same inbox that callbacks go to. An answer found
   * before is known by its decision number. Returns how many claims were asked for and how many answers were new.
   */
  async function pollBureau({ bureauCode }: { bureauCode: string }): Promise<{ asked: number; found: number }> {
    const bureau = bureaus.get(bureauCode);
    if (!bureau) throw ApplicationFailure.nonRetryable(`no bureau ${bureauCode} is declared`, 'BureauUndeclared');
    let asked = 0;
    let found = 0;
    for (let after = ''; ;) {
      const claimNumbers = await listAwaitingAnswer(database, { bureauCode, after, limit: BATCH });
      if (claimNumbers.length === 0) return { asked, found };
      asked += claimNumbers.length;
      for (const { answer, raw } of await bureau.query({ claimNumbers })) found += (await take(bureauCode, answer, raw)) ? 1 : 0;
      after = claimNumbers.at(-1) ?? after;
    }
  }

  async function take(source: string, answer: { claimNumber: string; decisionNo: string }, raw: unknown): Promise<boolean> {
    const messageId = `poll-${answer.decisionNo}`;
    const body = { answer, raw };
    const bodyDigest = createHash('sha256').update(JSON.stringify(raw)).digest('hex');
    return database.write(async (tx) => {
      const acknowledgement = { mediaType: 'application/json', body: '' };
      const stored = await storeMessage(tx, { source, messageId, bodyDigest, type: 'decision', claimNumber: answer.claimNumber, body, acknowledgement });
      if (stored.kind !== 'stored') return false;
      await writeWorkflowCommand(tx, { claimNumber: answer.claimNumber, kind: 'SIGNAL', signal: 'bureauDecision', payload: { source, messageId } });
      return true;
    });
  }

  return { pollBureau };
}
