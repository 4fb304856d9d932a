import { z } from 'zod';
import { ERROR_CODES } from '#domain/errors.ts';
import { REASON_CODES } from '#domain/claim/reasons.ts';
import { FILE_KINDS, READING_CODES, READING_SOURCES, TEXT_FIELDS, type FindingCode } from '#domain/invoice/reading.ts';
import { time } from './common.ts';

const source = z.enum(READING_SOURCES).nullable().meta({ description: 'null: nobody found it' });
const confidence = z.number().min(0).max(1);
const textField = z.strictObject({ value: z.string().nullable(), source, confidence });

const readLine = z.strictObject({
  name: z.string().exactOptional(),
  itemCode: z.string().exactOptional(),
  quantity: z.string().exactOptional(),
  unitPrice: z.string().exactOptional(),
  amount: z.string().meta({ description: 'Decimal yuan, tax included' }),
  level: z.string().exactOptional(),
});

const { type, code, number, checkCode, date, amount, payer, hospital } = Object.fromEntries(TEXT_FIELDS.map((name) => [name, textField])) as Record<
  (typeof TEXT_FIELDS)[number],
  typeof textField
>;

export const FINDING_CODES = [
  ...ERROR_CODES,
  ...REASON_CODES,
  ...(Object.keys(READING_CODES) as (keyof typeof READING_CODES)[]),
] as const satisfies readonly FindingCode[];

export const documentReading = z
  .strictObject({
    state: z.literal('FINISHED'),
    readAt: time,
    kind: z.enum(FILE_KINDS),
    fields: z.strictObject({
      ...{ type, code, number, checkCode, date, amount, payer, hospital },
      lines: z.strictObject({ value: z.array(readLine).nullable(), source, confidence }),
    }),
    findings: z.array(
      z.strictObject({
        code: z.enum(FINDING_CODES),
        field: z.enum([...TEXT_FIELDS, 'lines']).exactOptional(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'DocumentReading', description: 'What a document says of an invoice, for the employee to check.' });

export const readingUnderWay = z.strictObject({ state: z.literal('RUNNING') }).meta({ id: 'ReadingUnderWay', description: 'Ask again at `Location`.' });
