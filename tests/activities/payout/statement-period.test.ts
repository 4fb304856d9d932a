import { expect, test } from 'vitest';
import { reconcileActivities } from '#activities/polling/reconcile.ts';
import { fen } from '#domain/money.ts';
import type { BankGateway, StatementLine } from '#domain/payout/gateway.ts';
import { openDatabase } from '#prisma/database.ts';
import { createTestDatabase } from '../../setup/database.ts';
import { testVault } from '../../setup/vault.ts';

test('a statement is read from before the last line that was read, so that weeks without a reading leave no gap', async () => {
  const { url, drop } = await createTestDatabase();
  const database = openDatabase({ url, poolSize: 2, vault: testVault() });
  const asked: { from: string; to: string }[] = [];
  // 00:30 on the 3rd in Shanghai, though the 2nd in UTC
  const line: StatementLine = { entryNo: '1', kind: 'DEBIT', reference: null, amountFen: fen(100), bookedAt: '2026-11-02T16:30:00.000Z', remark: '' };
  const bank = { statement: async (period: { from: string; to: string }) => (asked.push(period), [line]) } as unknown as BankGateway;
  const { reconcile } = reconcileActivities({ database, banks: new Map([['CIB', bank]]) });
  try {
    expect(await reconcile({ bankCode: 'CIB', days: 14, at: '2026-11-04T00:00:00.000Z' })).toEqual({ lines: 1, matched: 0, unexplained: 1 });
    expect(await reconcile({ bankCode: 'CIB', days: 14, at: '2026-12-20T00:00:00.000Z' })).toEqual({ lines: 0, matched: 0, unexplained: 0 });
    expect(asked).toEqual([
      // nothing was read before: 14 days before the 4th
      { from: '2026-10-21', to: '2026-11-04' },
      // the line is of 3 November in Shanghai: 14 days before that, and not before 20 December
      { from: '2026-10-20', to: '2026-12-20' },
    ]);
  } finally {
    await database.close();
    await drop();
  }
});
