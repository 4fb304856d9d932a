import { z } from 'zod';
import { FUNDING_SOURCES } from '#domain/bureau/decision.ts';
import { PARTIES } from '#domain/claim/actor.ts';
import { CIRCUMSTANCE_CODES, CLAIM_KIND_CODES, DOCUMENT_KIND_CODES } from '#domain/claim/completeness.ts';
import { MOVE_TYPES } from '#domain/claim/moves.ts';
import { STAGE_STATUSES } from '#domain/claim/progress.ts';
import { CLAIM_STATES, STAGES, STAGE_NOTES, type StageNote } from '#domain/claim/states.ts';
import { MAX_DIAGNOSES } from '#domain/claim/diagnosis.ts';
import { INVOICE_TYPES } from '#domain/invoice/key.ts';
import { PAYMENT_STATUSES } from '#domain/payout/payment.ts';
import { actor, bilingual, claimNumber, code, day, employeeNo, flag, line, pageOf, pageQuery, region, time, unitCode, yuan } from './common.ts';
import { documentId, mediaType } from './documents.ts';

const MAX_LINES = 200;
const MAX_INVOICES = 50;
export const MAX_DOCUMENTS = 50;

const state = z.enum(CLAIM_STATES);
const stage = z.enum(STAGES);
const stageNote = z.enum(Object.keys(STAGE_NOTES) as [StageNote, ...StageNote[]]);
const party = z.enum(PARTIES);
const kind = z.enum(CLAIM_KIND_CODES);
const optionalText = (max: number) => z.union([z.literal(''), line(max)]);
const optionalCode = (max: number) => z.union([z.literal(''), code(max)]).default('');

// ---- what comes in

const newLine = z.strictObject({
  itemCode: optionalText(50).default('').meta({ description: 'Empty: nobody knows it', example: 'XB05BBF271B002' }),
  itemName: line(200).meta({ example: '葡萄糖注射液' }),
  itemClass: z.enum(['01', '02', '03']).meta({ description: '甲 01, 乙 02, 丙 03' }),
  quantity: z
    .string()
    .regex(/^(?!0+(\.0+)?$)\d{1,8}(\.\d{1,4})?$/)
    .meta({ description: 'Decimal above zero, at most four places', example: '2' }),
  unitPrice: yuan,
  amount: yuan,
});

const newInvoice = z.strictObject({
  type: z.enum(INVOICE_TYPES).meta({ description: '1 fiscal e-bill, 2 tax e-invoice, 3 fully digital invoice' }),
  code: optionalText(40).meta({ example: '11010125' }),
  number: line(40).meta({ example: '0123456789' }),
  checkCode: optionalText(40).default(''),
  amount: yuan,
  issuedOn: day,
  settlement: z.enum(['1', '2']).default('2').meta({
    description: '1 settled on the spot: only the personal part is left to claim; 2 paid in full by the employee. A claim with both waits for a person',
  }),
});

const diagnosis = z.strictObject({
  code: optionalCode(30).meta({ description: 'Empty: it is known by its name alone', example: 'J18.900' }),
  name: line(200).meta({ example: '肺炎' }),
});

const attachment = z.strictObject({ documentId, kind: z.enum(DOCUMENT_KIND_CODES) });
const attachments = z.array(attachment).max(MAX_DOCUMENTS).refine(eachOnce, { message: 'a document is named twice' });

function eachOnce(documents: readonly { documentId: string }[]): boolean {
  return new Set(documents.map((document) => document.documentId)).size === documents.length;
}

const EXAMPLE = {
  employeeNo: 'E10001',
  kind: 'OUTPATIENT',
  circumstances: ['REFERRAL_FILED'],
  treatedRegion: '110000',
  hospital: { code: 'H11010100001', name: '北京协和医院' },
  visit: { no: 'V20261110', start: '2026-11-10', end: '2026-11-10' },
  lines: [{ itemCode: 'XB05BBF271B002', itemName: '葡萄糖注射液', itemClass: '01', quantity: '2', unitPrice: '263.00', amount: '526.00' }],
  invoices: [{ type: '1', code: '11010126', number: '0000000001', checkCode: '4f2a1c', amount: '526.00', issuedOn: '2026-11-10', settlement: '2' }],
  documents: [],
};

const claimContent = {
  kind,
  circumstances: z.array(z.enum(CIRCUMSTANCE_CODES)).max(CIRCUMSTANCE_CODES.length).default([]),
  treatedRegion: region,
  hospital: z.strictObject({
    code: optionalCode(40).meta({ description: 'Empty: the directory of designated hospitals is asked by the name; what it does not have stays empty' }),
    name: line(100),
  }),
  visit: z.strictObject({ no: code(40).optional(), start: day, end: day }),
  diagnoses: z.array(diagnosis).max(MAX_DIAGNOSES).default([]),
  lines: z.array(newLine).min(1).max(MAX_LINES),
  invoices: z.array(newInvoice).min(1).max(MAX_INVOICES),
  documents: attachments.default([]),
};

export const newClaim = z
  .strictObject({ employeeNo, ...claimContent, draft: z.boolean().default(false).meta({ description: 'Wait until the employee confirms it' }) })
  .meta({ id: 'NewClaim', description: 'Σ lines = Σ invoices. Documents may be added later: what is missing is asked for.', examples: [EXAMPLE] });
export type NewClaim = z.output<typeof newClaim>;
export const resubmission = z.strictObject(claimContent).meta({ id: 'Resubmission' });
const newAttachment = z.strictObject({
  ...attachment.shape,
  replaces: documentId.optional().meta({ description: 'The document of the claim that this one takes the place of, of the same kind' }),
});
export const newAttachments = z
  .strictObject({ documents: z.array(newAttachment).min(1).max(MAX_DOCUMENTS).refine(eachOnce, { message: 'a document is named twice' }) })
  .meta({ id: 'NewAttachments' });
export const emptyBody = z.strictObject({}).nullish().meta({ description: 'No content is needed' });
export const claimParams = z.strictObject({ number: claimNumber });

export const claimFilters = z.strictObject({
  ...pageQuery,
  state: state.optional(),
  stage: stage.optional(),
  unitCode: unitCode.optional().meta({ description: 'This unit and all below it' }),
  employeeNo: employeeNo.optional(),
  bureau: region.optional(),
  region: region.optional().meta({ description: 'Insured region' }),
  onHold: flag.optional(),
  escalationLevel: z.coerce.number().int().min(0).max(2).optional(),
  submittedFrom: time.optional(),
  submittedTo: time.optional(),
  overdue: flag.optional(),
  box: z.enum(['started', 'copied']).optional().meta({
    description:
      'In place of the other filters: 我发起的 the own claims and those that the actor entered for others; 抄送我的 what the actor was sent a copy of',
  }),
});

// ---- what goes out

const claimHead = {
  number: claimNumber,
  version: z.int().meta({ description: 'Number of transitions so far; the ETag' }),
  state,
  stage: stage.nullable(),
  note: stageNote.nullable(),
  ended: z.boolean(),
  kind,
  source: z.string(),
  unitCode,
  employeeNo,
  insuredRegion: region,
  treatedRegion: region,
  bureauCode: region,
  onHold: z.boolean(),
  escalationLevel: z.int(),
  turn: party.nullable(),
  turnSince: time.nullable(),
  dueAt: time.nullable(),
  dueProvisional: z.boolean(),
  submittedAmount: yuan,
  approvedAmount: yuan.nullable(),
  payableAmount: yuan.nullable(),
  paidAmount: yuan,
  createdAt: time,
  submittedAt: time.nullable(),
  updatedAt: time,
  clearedAt: time.nullable(),
  closedAt: time.nullable(),
};
export const claimSummary = z.strictObject(claimHead).meta({ id: 'ClaimSummary' });
export type ClaimSummary = z.output<typeof claimSummary>;

const attached = z.strictObject({
  ...attachment.shape,
  ...{ fileName: z.string().nullable(), mediaType, sizeBytes: z.int(), addedAt: time },
  replacedBy: documentId.nullable().meta({ description: 'The document that took its place: it counts no more' }),
});
export type Attached = z.output<typeof attached>;

export const claim = z
  .strictObject({
    ...claimHead,
    medical: z.enum(['shown', 'hidden']).meta({
      description: 'Hidden from operators and admins: circumstances, lines, invoices and documents are empty; hospital, visit and diagnoses are null',
    }),
    circumstances: z.array(z.string()),
    hospital: z.strictObject({ code: z.string(), name: z.string() }).nullable(),
    visit: z.strictObject({ no: z.string().nullable(), start: day, end: day }).nullable(),
    diagnoses: z.array(diagnosis).nullable().meta({ description: 'null: they were erased, or are hidden' }),
    lines: z.array(
      z.strictObject({
        lineNo: z.int(),
        itemCode: z.string(),
        itemName: z.string(),
        itemClass: z.string(),
        quantity: z.string(),
        unitPrice: yuan,
        amount: yuan,
      }),
    ),
    invoices: z.array(
      z.strictObject({ type: z.string(), code: z.string(), number: z.string(), checkCode: z.string(), amount: yuan, issuedOn: day, settlement: z.string() }),
    ),
    documents: z.array(attached),
    priorClaim: claimNumber.nullable(),
    resubmissionNo: z.int(),
    createdBy: actor,
  })
  .meta({ id: 'Claim' });
export type Claim = z.output<typeof claim>;

export const claimPage = pageOf(claimSummary).meta({ id: 'ClaimPage' });
export const attachmentsAdded = z.strictObject({ documents: z.array(attached) }).meta({ id: 'Attachments' });

export const progress = z
  .strictObject({
    number: claimNumber,
    state,
    stages: z.array(
      z.strictObject({
        stage,
        label: bilingual,
        status: z.enum(STAGE_STATUSES),
        at: time.nullable().meta({ description: 'When the claim came to this stage' }),
        updatedAt: time.nullable().meta({ description: 'When the remark was made' }),
        actor: bilingual.nullable(),
        remark: bilingual.nullable(),
      }),
    ),
    note: z.strictObject({ code: stageNote, label: bilingual }).nullable(),
    ended: z.boolean(),
    turn: z.strictObject({ party, label: bilingual, since: time.nullable() }).nullable(),
    expectedBy: time.nullable(),
    expectedInWorkingDays: z.int().nullable().meta({ description: 'Working days that are left after today, by the public calendar; null without a date' }),
    provisional: z.boolean().meta({ description: 'The date lies beyond the last year whose holidays are published' }),
    missingDocuments: z.array(z.strictObject({ kind: z.string(), label: bilingual })),
    toMend: z
      .array(z.strictObject({ code: z.string(), label: bilingual, next: bilingual }))
      .meta({ description: 'What else the review wants mended; `findings` has the particulars' }),
    appealableUntil: time.nullable(),
    nextStep: z.strictObject({
      text: bilingual,
      actions: z.array(z.strictObject({ action: z.string(), method: z.string(), path: z.string() })).meta({ description: 'What may be called now' }),
    }),
    amounts: z.strictObject({ submitted: yuan, approved: yuan.nullable(), payable: yuan.nullable(), paid: yuan }),
  })
  .meta({ id: 'Progress', description: 'What an employee sees: five stages, whose turn it is, until when, and what to do' });
export type Progress = z.output<typeof progress>;

export const history = z
  .strictObject({
    items: z.array(
      z.strictObject({
        seq: z.int(),
        type: z.union([z.enum(MOVE_TYPES), z.string()]),
        fromState: state.nullable(),
        toState: state,
        at: time,
        actor,
        actorLabel: bilingual,
        remark: bilingual,
        turn: party.nullable(),
        dueAt: time.nullable(),
      }),
    ),
  })
  .meta({ id: 'History' });

export const messages = z
  .strictObject({
    items: z.array(
      z.strictObject({
        seq: z.int(),
        template: z.string(),
        title: bilingual.meta({ description: 'What the message is about' }),
        recipient: z.strictObject({ kind: z.enum(['claimant', 'employee', 'role']), role: z.string().nullable() }),
        channel: z.string(),
        status: z.enum(['PENDING', 'SENT', 'FAILED', 'UNDELIVERABLE']),
        createdAt: time,
        sentAt: time.nullable(),
      }),
    ),
  })
  .meta({ id: 'Messages' });

export const payments = z
  .strictObject({
    items: z.array(
      z.strictObject({
        reference: z.string(),
        decisionNo: z.int(),
        attempt: z.int(),
        amount: yuan,
        status: z.enum(PAYMENT_STATUSES),
        bankCode: z.string(),
        accountTail: z.string().meta({ description: 'The last four digits' }),
        createdAt: time,
        sentAt: time.nullable(),
        settledAt: time.nullable(),
        matchedAt: time.nullable(),
        returnedAt: time.nullable(),
      }),
    ),
  })
  .meta({ id: 'Payments' });

const reason = z.strictObject({ code: z.string(), text: z.string(), label: bilingual.nullable(), next: bilingual.nullable() });

export const decisions = z
  .strictObject({
    items: z.array(
      z.strictObject({
        no: z.int(),
        source: z.string(),
        sourceNo: z.string(),
        outcome: z.enum(['APPROVED', 'PARTIALLY_APPROVED', 'DENIED']),
        reasons: z.array(reason),
        remark: z.string(),
        submitted: yuan,
        benefit: yuan,
        payable: yuan,
        lines: z.array(
          z.strictObject({
            lineNo: z.int(),
            submitted: yuan,
            eligible: yuan,
            deductible: yuan,
            benefit: yuan,
            adjustments: z.array(z.strictObject({ code: z.string(), amount: yuan, label: bilingual.nullable() })),
          }),
        ),
        funding: z.array(z.strictObject({ source: z.enum(FUNDING_SOURCES), amount: yuan })),
        decidedBy: actor,
        decidedAt: time,
        recordedAt: time,
      }),
    ),
  })
  .meta({ id: 'Decisions', description: 'Newest last; the last one is in force' });
