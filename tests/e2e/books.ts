import { expect } from 'vitest';
import type { E2eWorld } from './world.ts';

export type Expected = { state: string; paid: number; closed?: boolean };
type BankRow = { trnuid: string; status: string; amount: string; booked: string; returned: unknown };

export const bankInstructions = async ({ bank }: Pick<E2eWorld, 'bank'>): Promise<BankRow[]> =>
  (await bank.get<{ instructions: BankRow[] }>('/instructions')).instructions;

/**
 * Every claim ended as expected (`paid` in whole yuan), the bank's ledger and ours say the same of every instruction to the fen, and no decision was paid
 * twice. Instructions named in `atOdds` are those of which the bank itself says one thing and did another.
 */
export async function expectBooksToAgree(
  world: Pick<E2eWorld, 'sql' | 'bank'>,
  expected: Record<string, Expected>,
  { atOdds = [] }: { atOdds?: string[] } = {},
): Promise<void> {
  const claims = await world.sql<{ number: string; state: string; closed: boolean; paidFen: string }>(
    'SELECT number, state, closed_at IS NOT NULL AS closed, paid_fen AS "paidFen" FROM claim WHERE number = ANY ($1)',
    [Object.keys(expected)],
  );
  const actual = Object.fromEntries(claims.map(({ number, state, closed, paidFen }) => [number, { state, closed, paidFen: Number(paidFen) }]));
  const wanted = Object.fromEntries(
    Object.entries(expected).map(([number, { state, paid, closed = true }]) => [number, { state, closed, paidFen: paid * 100 }]),
  );
  expect(actual).toEqual(wanted);

  const ours = await world.sql<{ reference: string; claimNumber: string; decisionId: string; amountFen: string; status: string }>(
    'SELECT reference, claim_number AS "claimNumber", decision_id AS "decisionId", amount_fen AS "amountFen", status FROM payment_instruction ORDER BY reference',
  );
  const theirs = new Map((await bankInstructions(world)).map((row) => [row.trnuid, row]));
  const asTheBankSaysIt = ({ status, returned }: BankRow): string =>
    status !== 'PAYOUT' ? (status === 'FAIL' ? 'FAILED' : status) : returned ? 'RETURNED' : 'SUCCEEDED';
  const ourBook = ours
    .filter(({ reference }) => !atOdds.includes(reference))
    .map(({ reference, amountFen, status }) => ({ reference, fen: Number(amountFen), status }));
  const bankBook = [...theirs.values()]
    .filter(({ trnuid }) => !atOdds.includes(trnuid))
    .map((row) => ({ reference: row.trnuid, fen: fenOf(row.amount), status: asTheBankSaysIt(row) }))
    .toSorted((a, b) => (a.reference < b.reference ? -1 : 1));
  expect(ourBook).toEqual(bankBook);

  const kept = ours.filter(({ reference }) => {
    const row = theirs.get(reference);
    return row?.status === 'PAYOUT' && !row.returned;
  });
  const decisions = kept.map(({ decisionId }) => decisionId);
  expect(decisions, 'no decision is paid twice').toHaveLength(new Set(decisions).size);
  const arrived: Record<string, number> = {};
  for (const { claimNumber, reference } of kept) arrived[claimNumber] = (arrived[claimNumber] ?? 0) + fenOf(theirs.get(reference)?.booked ?? '');
  for (const [number, { paid }] of Object.entries(expected)) {
    const references = ours.filter(({ claimNumber }) => claimNumber === number).map(({ reference }) => reference);
    if (!references.some((reference) => atOdds.includes(reference))) expect({ number, fen: arrived[number] ?? 0 }).toEqual({ number, fen: paid * 100 });
  }

  const { accounts } = await world.bank.get<{ accounts: { balance: string }[] }>('/accounts');
  const left = fenOf('100000000.00') - Object.values(arrived).reduce((sum, fen) => sum + fen, 0);
  expect(fenOf(accounts[0]?.balance ?? '')).toBe(left);
}

export function fenOf(yuan: string): number {
  const [, whole = '', cents = ''] = /^(\d+)\.(\d\d)$/.exec(yuan) ?? [];
  if (whole === '') throw new Error(`not an amount: ${yuan}`);
  return Number(whole) * 100 + Number(cents);
}
