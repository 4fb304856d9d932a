import { z } from 'zod';
import { actor, claimNumber, day, line, pageQuery, pageOf, time, unitCode, uuid } from './common.ts';

export const newPack = z
  .strictObject({
    claimNumber: claimNumber.optional(),
    unitCode: unitCode.optional().meta({ description: 'With everything below it' }),
    from: day.optional().meta({ description: 'Claims made on this day or later, in Shanghai' }),
    to: day.optional().meta({ description: 'Claims made on this day or before' }),
    contents: z.boolean().default(false).meta({ description: 'With the documents themselves, and not their digests alone' }),
    reason: line(300).meta({ description: 'Who inspects what, and why; stands in the pack' }),
  })
  .refine(
    ({ claimNumber: number, unitCode: unit, from, to }) =>
      (number === undefined) !== (unit === undefined) && (number === undefined || (from ?? to) === undefined),
  )
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to)
  .meta({ id: 'NewInspectionPack', description: 'Either `claimNumber`, or `unitCode` with or without days' });

export const pack = z
  .strictObject({
    id: uuid,
    unitCode,
    claimNumber: claimNumber.nullable(),
    from: day.nullable(),
    to: day.nullable(),
    contents: z.boolean(),
    reason: z.string(),
    createdAt: time,
  })
  .meta({ id: 'InspectionPack' });
export const packParams = z.strictObject({ id: uuid });

export const lookQuery = z.strictObject(pageQuery);
export const look = z
  .strictObject({
    at: time,
    actor,
    reader: z.string().nullable().meta({ description: 'Who looked: the name of the person or system' }),
    readerUnit: z.string().nullable(),
    what: z.string().meta({ description: 'What was shown', example: 'claim.decisions' }),
    claimNumber: claimNumber.nullable(),
  })
  .meta({ id: 'Look', description: 'Stands for all looks of this reader at the same thing within the minute that it begins' });
export const looks = pageOf(look);
