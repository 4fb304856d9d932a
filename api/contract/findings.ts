import { z } from 'zod';
import { DOCUMENT_KIND_CODES } from '#domain/claim/completeness.ts';
import { REASON_CODES } from '#domain/claim/reasons.ts';
import { ABOUTS, type About } from '#domain/review/finding.ts';
import { actor, bilingual, time } from './common.ts';
import { documentId } from './documents.ts';

const finding = z.strictObject({
  code: z.enum(REASON_CODES),
  about: z
    .enum(Object.keys(ABOUTS) as [About, ...About[]])
    .nullable()
    .meta({ description: 'What exactly, where the code does not say enough' }),
  text: bilingual,
  next: bilingual.meta({ description: 'What to do about it' }),
  blocking: z.boolean().meta({ description: 'Keeps the claim from being sent until it is mended or overruled' }),
  mendedBy: z.enum(['employee', 'hr', 'nobody']),
  lineNo: z.int().nullable(),
  document: z.enum(DOCUMENT_KIND_CODES).nullable(),
  documentId: documentId.nullable(),
  invoiceNo: z.string().nullable(),
  claimed: z.string().nullable().meta({ description: 'What the claim says, where something else was found; null also once it was erased' }),
  found: z.string().nullable(),
  overruled: z
    .strictObject({ at: time, by: actor, comment: z.string().nullable() })
    .nullable()
    .meta({ description: 'The person who said that it does not hold' }),
});

export const findings = z
  .strictObject({
    review: z
      .strictObject({
        no: z.int(),
        at: time,
        rulebook: z.strictObject({ id: z.string(), version: z.string() }).nullable(),
      })
      .nullable()
      .meta({ description: 'null: nobody has looked at the claim yet' }),
    items: z.array(finding),
  })
  .meta({ id: 'Findings', description: 'What the newest review of the claim found, what it stops at first' });
