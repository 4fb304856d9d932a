import { z } from 'zod';
import { FUNDING_SOURCES } from '#domain/bureau/decision.ts';
import { NOT_COVERED } from '#domain/policy/settle.ts';
import { bilingual, time, yuan } from './common.ts';
import { settled } from './estimates.ts';

/** Decimal yuan that may be less than nothing. */
export const difference = z
  .string()
  .regex(/^-?\d{1,13}\.\d{2}$/)
  .meta({ id: 'Difference', description: 'Decimal yuan; negative where less', example: '-120.00' });

const compared = { estimated: yuan, decided: yuan, difference };

export const entitlement = z
  .strictObject({
    ...settled,
    no: z.int().meta({ description: 'Counts the times that the claim was assessed with another outcome' }),
    at: time,
    why: z.enum(NOT_COVERED).nullable().meta({ description: 'Why nothing was estimated' }),
    catalogues: z.array(z.string()).meta({ description: 'The catalogues, with their versions, that said what is in scope' }),
    decided: z
      .strictObject({
        decisionNo: z.int(),
        ...compared,
        estimated: yuan.nullable(),
        difference: difference.nullable(),
        reasons: z.array(z.strictObject({ code: z.string(), label: bilingual.nullable(), ...compared })),
        funding: z.array(z.strictObject({ source: z.enum(FUNDING_SOURCES), ...compared })),
      })
      .nullable()
      .meta({ description: 'The decision in force beside the estimate: what was granted, taken for which reason, and paid by whom. Null before one' }),
  })
  .meta({ id: 'Entitlement', description: 'What a claim was estimated to be paid when it passed intake, as it was stored then' });
export type EntitlementJson = z.output<typeof entitlement>;
