import { z } from 'zod';
import { GRADE_CODES, MATCH_KIND_CODES } from '#domain/claim/duplicates.ts';
import { actor, bilingual, claimNumber, time, unitCode } from './common.ts';

export const matches = z
  .strictObject({
    items: z.array(
      z.strictObject({
        kind: z.enum(MATCH_KIND_CODES),
        label: bilingual,
        grade: z.enum(GRADE_CODES),
        gradeLabel: bilingual,
        reason: bilingual.nullable().meta({ description: 'null where the other claim is not shown' }),
        foundAt: time,
        other: z
          .strictObject({ claimNumber, unitCode })
          .nullable()
          .meta({ description: 'The claim that it looks like; null where that lies outside of what the caller sees' }),
        where: bilingual.meta({ description: 'In which unit: by name it is in `other`' }),
        cleared: z
          .strictObject({ at: time, by: actor, comment: z.string().nullable() })
          .nullable()
          .meta({ description: 'Who said that it is no duplicate, and why. It is not found again' }),
      }),
    ),
  })
  .meta({ id: 'Matches', description: 'What makes a claim look like another one. BLOCK and HOLD stop it until HR has looked; a NOTE does not' });
export type MatchesJson = z.output<typeof matches>;
