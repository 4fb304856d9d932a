import { z } from 'zod';
import { CLAIM_STATES } from '#domain/claim/states.ts';
import { ERASURE_RULES } from '#domain/retention/periods.ts';
import { actor, bilingual, claimNumber, day, employeeNo, note, pageQuery, time, unitCode, uuid } from './common.ts';

const rule = z.enum(ERASURE_RULES as [(typeof ERASURE_RULES)[number]]);

export const erasureQuery = z.strictObject({ ...pageQuery, unitCode: unitCode.optional(), rule: rule.optional() });
export const erasure = z
  .strictObject({
    id: z.int(),
    runId: uuid,
    at: time,
    rule,
    label: bilingual,
    unitCode: unitCode.nullable().meta({ description: 'null: what belongs to no unit' }),
    count: z.int(),
    before: time.meta({ description: 'What ended before this was due' }),
    claims: z.array(claimNumber).meta({ description: 'Whose medical content went' }),
  })
  .meta({ id: 'Erasure', description: 'One batch that was erased' });

const paper = z
  .strictObject({ documentId: uuid, signedOn: day })
  .meta({ id: 'SignedLetter', description: 'The letter of the person, uploaded before, where HR records the request' });
export const newErasureRequest = z.strictObject({ reason: note(1_000).optional(), letter: paper.optional() }).meta({ id: 'NewErasureRequest' });
export const erasureDecision = z.strictObject({ decision: z.enum(['CONFIRM', 'REJECT']), comment: note(1_000).optional() }).meta({ id: 'ErasureDecision' });

export const erasureRequest = z
  .strictObject({
    id: uuid,
    status: z.enum(['REQUESTED', 'CONFIRMED', 'REJECTED', 'DONE']),
    reason: z.string().nullable(),
    documentId: uuid.nullable(),
    requestedBy: actor,
    requestedAt: time,
    decidedBy: actor.nullable(),
    decidedAt: time.nullable(),
    doneAt: time.nullable(),
  })
  .meta({ id: 'ErasureRequest', description: 'Confirmed by a second person, it is carried out in the night' });

export const erasureState = z
  .strictObject({
    requests: z.array(erasureRequest),
    obstacles: z.strictObject({
      open: z.array(z.strictObject({ claim: claimNumber, state: z.enum(CLAIM_STATES) })),
      appealableUntil: z.array(z.strictObject({ claim: claimNumber, until: time })),
      elsewhere: z.int().meta({ description: 'How many more claims stand in the way, of units that the caller does not see' }),
      legalHold: z.boolean(),
    }),
    kept: z.array(z.strictObject({ label: bilingual, days: z.int(), law: z.string() })).meta({ description: 'What the law keeps whatever is asked for' }),
  })
  .meta({ id: 'ErasureState' });

export const holdQuery = z.strictObject({ employeeNo });
export const holdParams = z.strictObject({ id: uuid });
export const newHold = z
  .strictObject({ employeeNo, claim: claimNumber.optional(), reason: note(1_000).min(1) })
  .meta({ id: 'NewLegalHold', description: 'Of one claim, or of all that a person has where `claim` is left out' });
export const hold = z
  .strictObject({
    id: uuid,
    employeeNo,
    claim: claimNumber.nullable(),
    reason: z.string(),
    placedBy: actor,
    placedAt: time,
    liftedBy: actor.nullable(),
    liftedAt: time.nullable(),
  })
  .meta({ id: 'LegalHold', description: 'While it stands nothing is erased' });
export const holds = z.strictObject({ items: z.array(hold) }).meta({ id: 'LegalHolds' });
