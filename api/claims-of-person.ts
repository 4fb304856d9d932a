import { enterScope, type Tx } from '#prisma/database.ts';
import { listClaimNumbersOf } from '#prisma/queries/claim-access.ts';

/**
 * Opens all claims of a person to the rest of the transaction, also those of a unit that she has left. What comes back tells which of them the caller sees: the
 * others count, but are not named.
 */
export async function openClaimsOfPerson(tx: Tx, { employeeId }: { employeeId: string }): Promise<(claimNumber: string) => boolean> {
  const seen = new Set(await listClaimNumbersOf(tx, { employeeId }));
  await enterScope(tx, { employeeId });
  return (claimNumber) => seen.has(claimNumber);
}
