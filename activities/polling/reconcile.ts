import { ApplicationFailure } from '@temporalio/common';
import { addDays, shanghaiDay } from '#domain/calendar.ts';
import type { BankGateway } from '#domain/payout/gateway.ts';
import type { Database } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { insertStatementLines, readLastBooked } from '#prisma/queries/statement.ts';
import { writeWorkflowCommand } from '#prisma/queries/workflow-commands.ts';

const BATCH = 500;

export type Reconciliation = { lines: number; matched: number; unexplained: number };

/** Our ledger against the bank's. */
export function reconcileActivities({ database, banks }: { database: Database; banks: ReadonlyMap<string, BankGateway> }) {
  /**
   * Reads the bank's statement from `days` days before the last line that was read, so that no time in which it could not run leaves a gap, and tells each claim what concerns it: its debit, or the money's return. A line read
   * before is known by its number. A line that does not fit is audited, and asked about on its claim where it has one.
   */
  async function reconcile({ bankCode, days, at }: { bankCode: string; days: number; at: string }): Promise<Reconciliation> {
    const bank = banks.get(bankCode);
    if (!bank) throw ApplicationFailure.nonRetryable(`no bank ${bankCode} is declared`, 'BankUndeclared');
    const to = shanghaiDay(new Date(at));
    const lastRead = await readLastBooked(database, bankCode);
    const since = lastRead && lastRead < to ? lastRead : to;
    const statement = await bank.statement({ from: addDays(since, -days), to });
    const sum: Reconciliation = { lines: 0, matched: 0, unexplained: 0 };
    for (let start = 0; start < statement.length; start += BATCH) {
      await database.write(async (tx) => {
        const written = await insertStatementLines(tx, { bankCode, lines: statement.slice(start, start + BATCH) });
        // by claim, as chains of the audit are appended to (prisma/queries/audit.ts), the installation's last
        for (const line of written.toSorted(byClaim)) {
          sum.lines += 1;
          sum[line.result === 'MATCHED' ? 'matched' : 'unexplained'] += 1;
          if (line.claimNumber && line.reference) {
            await writeWorkflowCommand(tx, { claimNumber: line.claimNumber, kind: 'SIGNAL', signal: 'paymentNews', payload: { reference: line.reference } });
          }
          if (line.result === 'MATCHED') continue;
          const detail = { entryNo: line.entryNo, result: line.result, kind: line.kind };
          await audit(tx, {
            claimNumber: line.claimNumber,
            at: new Date(at),
            actor: { type: 'bank', id: bankCode },
            action: 'statement-line-unexplained',
            detail,
          });
        }
      });
    }
    return sum;
  }

  return { reconcile };
}

function byClaim(a: { claimNumber: string | null }, b: { claimNumber: string | null }): number {
  if (a.claimNumber === b.claimNumber) return 0;
  return b.claimNumber === null || (a.claimNumber !== null && a.claimNumber < b.claimNumber) ? -1 : 1;
}
