import type { DocumentKind } from './completeness.ts';

/** Vouchers, which accounting law keeps for thirty years with what proves them. All else of a document says of what somebody is ill, or who somebody is, and can be erased. */
const VOUCHERS: readonly DocumentKind[] = ['INVOICE', 'FEE_LIST'];

/** Under which of the claimant's keys the content of a document lies: `medical` is destroyed when the person is erased. */
export function custodyOf(kind: DocumentKind): 'medical' | 'accounting' {
  return VOUCHERS.includes(kind) ? 'accounting' : 'medical';
}
