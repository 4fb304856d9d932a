import type { Diagnosis } from '#domain/claim/diagnosis.ts';
import type { Vault, Field, InstallationField } from '../vault.ts';

/*
 * What is sealed, where, and under which key. Medical is what a bureau needs to know and what the person may have erased: identity number, phone, diagnoses.
 * Accounting is what a payment voucher names.
 */
export const identityNoOf = (employeeId: string): Field => ({ employeeId, key: 'medical', table: 'employee', column: 'identity_no', row: employeeId });
export const phoneOf = (employeeId: string): Field => ({ employeeId, key: 'medical', table: 'employee', column: 'phone', row: employeeId });
export const diagnosesOf = ({ employeeId, claimNumber }: { employeeId: string; claimNumber: string }): Field => ({
  ...{ employeeId, key: 'medical', table: 'claim', column: 'diagnoses', row: claimNumber },
});
export const findingDetailOf = ({
  employeeId,
  claimNumber,
  reviewNo,
  no,
}: {
  employeeId: string;
  claimNumber: string;
  reviewNo: number;
  no: number;
}): Field => ({
  ...{ employeeId, key: 'medical', table: 'claim_finding', column: 'detail', row: [claimNumber, String(reviewNo), String(no)] },
});
export const accountNoOf = ({ employeeId, accountId }: { employeeId: string; accountId: string }): Field => ({
  ...{ employeeId, key: 'accounting', table: 'bank_account', column: 'account_no', row: accountId },
});
export const entitlementContentOf = ({ employeeId, claimNumber, no }: { employeeId: string; claimNumber: string; no: number }): Field => ({
  ...{ employeeId, key: 'medical', table: 'entitlement', column: 'content', row: [claimNumber, String(no)] },
});
export const messageBodyOf = ({ source, messageId }: { source: string; messageId: string }): InstallationField => ({
  ...{ purpose: 'inbox', table: 'inbox_message', column: 'body', row: [source, messageId] },
});
export const answerBodyOf = ({ callerId, route, key }: { callerId: string; route: string; key: string }): InstallationField => ({
  ...{ purpose: 'answers', table: 'idempotency_key', column: 'body', row: [callerId, route, key] },
});

/** What equal numbers have in common, however they were typed. */
export const identityNoIndex = (vault: Vault, identityNo: string): Promise<Buffer> =>
  vault.blindIndex('employee.identity_no', identityNo.replaceAll(/\s/g, '').toUpperCase());
export const accountNoIndex = (vault: Vault, accountNo: string): Promise<Buffer> =>
  vault.blindIndex('bank_account.account_no', accountNo.replaceAll(/[\s-]/g, '').toUpperCase());

/** The account in full; its key is never destroyed. */
export async function openAccountNo(vault: Vault, row: { employeeId: string; accountId: string; accountNo: Uint8Array }): Promise<string> {
  const accountNo = await vault.open(accountNoOf(row), row.accountNo);
  if (accountNo === undefined) throw new Error('an accounting key was destroyed');
  return accountNo;
}

/** null where none were given. */
export async function sealDiagnoses(
  vault: Vault,
  { diagnoses, ...whose }: { employeeId: string; claimNumber: string; diagnoses: readonly Diagnosis[] },
): Promise<Buffer | null> {
  return diagnoses.length === 0 ? null : vault.seal(diagnosesOf(whose), JSON.stringify(diagnoses));
}

/** null: they were erased. */
export async function openDiagnoses(vault: Vault, whose: { employeeId: string; claimNumber: string }, sealed: Uint8Array | null): Promise<Diagnosis[] | null> {
  if (sealed === null) return [];
  const text = await vault.open(diagnosesOf(whose), sealed);
  return text === undefined ? null : (JSON.parse(text) as Diagnosis[]);
}
