import { z } from 'zod';
import { FUNDING_SOURCES } from '#domain/bureau/decision.ts';
import { CIRCUMSTANCE_CODES, CLAIM_KIND_CODES, DOCUMENT_KIND_CODES } from '#domain/claim/completeness.ts';
import { REASON_CODES } from '#domain/claim/reasons.ts';
import { RULES } from '#domain/policy/settle.ts';
import { bilingual, code, day, line, region, yuan } from './common.ts';

const percent = z
  .string()
  .regex(/^\d{1,2}(\.\d{1,2})?$|^100$/)
  .meta({ example: '10' });

const quantity = z.string().regex(/^(?!0+(\.0+)?$)\d{1,8}(\.\d{1,4})?$/);

const costLine = z.strictObject({
  itemCode: z.union([z.literal(''), line(50)]).meta({ description: 'Empty: nobody knows it' }),
  itemName: line(200),
  itemClass: z
    .enum(['01', '02', '03'])
    .exactOptional()
    .meta({ description: '甲 01, 乙 02, 丙 03; needed where the catalogue does not know the item, and overruled where it does' }),
  quantity: quantity.default('1'),
  amount: yuan,
  priceLimit: yuan.exactOptional().meta({ description: 'The highest price of one that is paid' }),
  preSelfPay: percent.exactOptional().meta({ description: 'Percentage of a class 乙 item that the person bears beforehand' }),
  outsideRestriction: z.boolean().exactOptional().meta({ description: 'A restricted drug, used for something else' }),
});

const hospital = z
  .strictObject({
    grade: z.enum(['community', '1', '2', '3']).exactOptional(),
    tier: z.enum(['municipal', 'provincial']).exactOptional(),
    code: code(40).exactOptional(),
    name: line(100).exactOptional(),
  })
  .refine((stated) => stated.grade !== undefined || stated.code !== undefined || stated.name !== undefined, { path: ['grade'] })
  .meta({ description: 'The grade, or a code or an exact name by which the directory of designated hospitals knows it' });

const soFar = z.strictObject({
  deductible: yuan.default('0.00'),
  scope: yuan.default('0.00'),
  pooled: yuan.default('0.00'),
  largeAmount: yuan.default('0.00'),
  plan: yuan.default('0.00'),
  stays: z.int().min(0).max(365).default(0),
  quantities: z
    .array(z.strictObject({ itemCode: line(50), quantity }))
    .max(200)
    .default([])
    .meta({ description: 'What was paid for of items that have a limit of quantity' }),
});

const TREATMENT = {
  treatedRegion: '110000',
  kind: 'INPATIENT',
  hospital: { grade: '3' },
  visit: { start: '2026-03-02', end: '2026-03-09' },
  circumstances: ['REFERRAL_FILED'],
  documents: ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY'],
  lines: [{ itemCode: 'XB05BBF271B002', itemName: '葡萄糖注射液', itemClass: '01', quantity: '2', amount: '12000.00' }],
};
const EXAMPLE = { insuredRegion: '130100', personType: '11', age: 40, ...TREATMENT };

/** What an estimate is asked about: no person, nothing that would have to be kept. */
export const estimateRequest = z
  .strictObject({
    insuredRegion: region,
    scheme: z.enum(['310', '390']).default('310'),
    treatedRegion: region,
    kind: z.enum(CLAIM_KIND_CODES),
    personType: z.enum(['11', '12']).default('11'),
    age: z.int().min(0).max(150),
    hospital,
    settlement: z.enum(['direct', 'manual']).default('manual').meta({
      description:
        'Settled on the spot, where the funds have paid at the hospital and only the personal part is left, or claimed afterwards; the rulebook says whose catalogue counts for each',
    }),
    visit: z.strictObject({ start: day, end: day }),
    circumstances: z.array(z.enum(CIRCUMSTANCE_CODES)).max(CIRCUMSTANCE_CODES.length).default([]),
    documents: z.array(z.enum(DOCUMENT_KIND_CODES)).max(50).default([]),
    lines: z.array(costLine).min(1).max(200),
    soFar: soFar.prefault({}),
    plan: code(40).exactOptional().meta({ description: "The employer's plan on top of the scheme", example: 'group-plan' }),
    submittedOn: day.exactOptional().meta({ description: 'Today where absent' }),
  })
  .meta({ id: 'EstimateRequest', examples: [EXAMPLE] });
export type EstimateRequest = z.output<typeof estimateRequest>;

/** What is on file of the person, and what the year has used up, is not asked for. */
export const personEstimateRequest = estimateRequest
  .omit({ insuredRegion: true, scheme: true, personType: true, age: true, soFar: true, plan: true, submittedOn: true })
  .meta({ id: 'PersonEstimateRequest', examples: [TREATMENT] });
export type PersonEstimateRequest = z.output<typeof personEstimateRequest>;

const deduction = z.strictObject({
  code: z.enum(REASON_CODES),
  rule: z.enum(RULES),
  amount: yuan,
  source: z.string(),
  confirmed: z.boolean().meta({ description: 'false: no primary source was found for the rule' }),
});

/** A settlement as it is told, estimated or stored. */
export const settled = {
  covered: z.boolean().meta({ description: 'false: no rulebook answers, and a person decides; the amounts are then absent' }),
  submitted: yuan,
  eligible: yuan.nullable(),
  benefit: yuan.nullable(),
  deductions: z.array(deduction),
  funding: z.array(z.strictObject({ source: z.enum(FUNDING_SOURCES), amount: yuan })),
  steps: z.array(bilingual).meta({ description: 'How the funds’ part came about' }),
  explanation: bilingual,
  unconfirmed: z.array(bilingual).meta({ description: 'What the amount came from and no primary source confirms, whether it took something away or not' }),
  lines: z.array(z.strictObject({ lineNo: z.int(), submitted: yuan, eligible: yuan, benefit: yuan, deductions: z.array(deduction), explanation: bilingual })),
  rulebook: z.strictObject({ id: z.string(), version: z.string() }).nullable(),
  plan: z.strictObject({ id: z.string(), version: z.string() }).nullable(),
};

export const estimate = z
  .strictObject({
    ...settled,
    findings: z.array(
      z.strictObject({
        code: z.enum(REASON_CODES),
        lineNo: z.int().nullable(),
        document: z.enum(DOCUMENT_KIND_CODES).nullable(),
        blocking: z.boolean(),
        mendedBy: z.enum(['employee', 'hr', 'nobody']),
        text: bilingual,
        next: bilingual,
      }),
    ),
  })
  .meta({ id: 'Estimate', description: 'submitted − benefit = Σ deductions, of each line and of all. Nothing of it is stored.' });
export type Estimate = z.output<typeof estimate>;
