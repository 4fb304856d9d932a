import { z } from 'zod';
import { CLAIM_STATES } from '#domain/claim/states.ts';
import { claimNumber, note, time } from './common.ts';

/** Words that say why: they are kept with the claim and may be shown to the claimant. */
export const withReason = z.strictObject({ reason: note(1_000).min(1) }).meta({ id: 'WithReason' });
/** The whole body may be left out. */
export const withComment = z
  .strictObject({ comment: note(1_000).nullable().default(null) })
  .nullish()
  .meta({ id: 'WithComment' });

export const claimMoved = z
  .strictObject({ number: claimNumber, state: z.enum(CLAIM_STATES), seq: z.int() })
  .meta({ id: 'ClaimMoved', description: 'The claim after the action; `seq` is its new ETag' });

export const claimLive = z
  .strictObject({
    number: claimNumber,
    state: z.enum(CLAIM_STATES),
    seq: z.int(),
    onHold: z.boolean(),
    escalationLevel: z.int(),
    waitingFor: z.string().meta({ description: "In plain words, as on the workflow's page" }),
    until: time.nullable(),
    openTaskIds: z.array(z.uuid()),
  })
  .meta({ id: 'ClaimLive', description: 'What the workflow itself says at this moment' });
