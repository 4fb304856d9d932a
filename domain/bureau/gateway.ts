import type { Diagnosis } from '../claim/diagnosis.ts';
import type { Fen } from '../money.ts';
import type { BureauAnswer } from './decision.ts';

/** What a bureau's interface can do. The workflow and the poller ask these, never the region. */
export type BureauCapabilities = { callbacks: boolean; partialApproval: boolean; batchQuery: boolean; withdraw: boolean; invoiceStates: boolean };

/** One version of a claim as a bureau receives it. */
export type BureauSubmission = {
  messageId: string;
  claimNumber: string;
  version: number;
  /** the decision appealed against */
  appealsDecisionNo: string | null;
  person: { personNo: string; name: string; identityNo: string; personType: string; insuranceType: string };
  insuredRegion: string;
  treatedRegion: string;
  medicalType: string;
  hospital: { code: string; name: string };
  /** yyyy-MM-dd */
  visitStart: string;
  visitEnd: string;
  totalFen: Fen;
  diagnoses: Diagnosis[];
  lines: { lineNo: number; itemCode: string; itemName: string; itemClass: string; quantity: string; unitPriceFen: Fen; amountFen: Fen }[];
  invoices: { type: string; code: string; number: string; checkCode: string; amountFen: Fen; issuedOn: string }[];
  documents: { kind: string; fileName: string; sm3: string; sizeBytes: number }[];
};

export type SubmitResult =
  | { kind: 'accepted'; acceptanceNo: string; acceptedAt: string }
  /** `code` as the gateway names it: DZ-PERSON, DZ-INVOICE, DZ-FORMAT, DZ-DECIDED */
  | { kind: 'refused'; code: string; text: string };

/** What names a bill at the bureau (票据): `code` and `checkCode` are empty where it has none. */
export type Certificate = { type: string; code: string; number: string; checkCode: string };

/** What the bureau knows of a bill (5501): not at all, or whether its issuer has reversed it (冲红) and whether a fund has paid for it. */
export type CertificateState = { known: false } | { known: true; reversed: boolean; claimed: 'no' | 'yes' | 'in-progress' };

export type WithdrawResult = 'withdrawn' | 'already-decided' | 'unknown';

/**
 * A bureau (医保局) reached through its gateway. Methods throw GatewayUnavailable (domain/errors.ts) where the gateway cannot be reached or
 * answers nonsense: the call may have been carried out, and is repeated with the same message id.
 */
export type BureauGateway = {
  readonly code: string;
  readonly capabilities: BureauCapabilities;
  submit(submission: BureauSubmission): Promise<SubmitResult>;
  withdraw(input: { claimNumber: string }): Promise<WithdrawResult>;
  /** The state of one bill. A bureau without the capability `invoiceStates` is not asked. */
  invoiceState(certificate: Certificate): Promise<CertificateState>;
  /** Answers for those of `claimNumbers` (≤ 100) that have any; the raw element of each beside it, for the inbox. */
  query(input: { claimNumbers: readonly string[] }): Promise<{ answer: BureauAnswer; raw: unknown }[]>;
};
