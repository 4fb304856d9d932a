/**
 * Life of one payment instruction. CREATED before the bank is called; UNKNOWN after a time-out or nonsense; FAILED and RETURNED are the only
 * states after which another instruction may exist for the same decision (held by a partial unique index).
 */
export const PAYMENT_STATUSES = ['CREATED', 'UNKNOWN', 'IN_FLIGHT', 'SUCCEEDED', 'FAILED', 'RETURNED'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];
