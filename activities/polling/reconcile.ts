import { ApplicationFailure } from '@temporalio/common';
import { addDays, shanghaiDay } from '#domain/calendar.ts';
import type { BankGateway } from '#domain/payout/gateway.ts';
import type { Database } from '#prisma/database.ts';
import { insertAudit } from '#prisma/queries/audit.ts';
import { insertStatementLine } from '#prisma/queries/payments.ts';
import { writeWorkflowCommand } from '#prisma/queries/workflow-commands.ts';

export type Reconciliation = { lines: number; matched: number; unexplained: number };

/** Our ledger against the bank's. */
export function reconcileActivities({ database, banks }: { database: Database; banks: ReadonlyMap<string, BankGateway> }) {
  /**
   * Reads the bank's statement of the last `days` days and tells each claim what concerns it: its debit, or the money's return. A line read
   * before is known by its number. A line that belongs to no instruction, or to one of another amount, is left for a person and audited.
   */
  async function reconcile({ bankCode, days, at }: { bankCode: string; days: number; at: string }): Promise<Reconciliation> {
    const bank = banks.get(bankCode);
    if (!bank) throw ApplicationFailure.nonRetryable(`no bank ${bankCode} is declared`, 'BankUndeclared');
    const to = shanghaiDay(new Date(at));
    const statement = await bank.statement({ from: addDays(to, -days), to });
    const sum: Reconciliation = { lines: 0, matched: 0, unexplained: 0 };
    for (const line of statement) {
      await database.write(async (tx) => {
        const entry = await insertStatementLine(tx, { bankCode, line });
        if (!entry) return;
        sum.lines += 1;
        if (entry.result === 'MATCHED') sum.matched += 1;
        else sum.unexplained += 1;
        if (entry.claimNumber && line.reference) {
          await writeWorkflowCommand(tx, { claimNumber: entry.claimNumber, kind: 'SIGNAL', signal: 'paymentNews', payload: { reference: line.reference } });
        }
        if (entry.result !== 'MATCHED') {
          const detail = { entryNo: line.entryNo, result: entry.result, kind: line.kind };
          await insertAudit(tx, { claimNumber: entry.claimNumber, at: new Date(at), actor: { type: 'bank', id: bankCode }, action: 'statement-line-unexplained', detail });
        }
      });
    }
    return sum;
  }

  return { reconcile };
}
