import type { ClaimKind } from '../claim/completeness.ts';

/** What stands where something was erased. */
export const ERASED_CODE = 'ERASED';
export const ERASED_TEXT = '已删除 · erased';

/** The kind of a claim whose medical content is gone: in the ward or not, and no longer why. */
const COARSE: Record<ClaimKind, ClaimKind> = {
  OUTPATIENT: 'OUTPATIENT',
  EMERGENCY: 'OUTPATIENT',
  CHRONIC: 'OUTPATIENT',
  INPATIENT: 'INPATIENT',
  TRAUMA: 'INPATIENT',
  MATERNITY: 'INPATIENT',
};

export function coarseKind(kind: ClaimKind): ClaimKind {
  return COARSE[kind];
}
