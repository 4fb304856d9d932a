import { z } from 'zod';
import { CLAIM_STATES } from '#domain/claim/states.ts';
import { WITHDRAWAL_EFFECTS } from '#domain/consent/effects.ts';
import { CONSENT_PURPOSES } from '#domain/consent/purposes.ts';
import { actor, bilingual, claimNumber, code, day, employeeNo, time, uuid } from './common.ts';

const purpose = z.enum(CONSENT_PURPOSES).meta({ id: 'ConsentPurpose', description: 'What a person consents to, each on its own' });
const textVersion = code(20).meta({ description: 'Version of the wording', example: '2026-1' });

export const consentParams = z.strictObject({ employeeNo, purpose });

export const consentTexts = z
  .strictObject({
    items: z.array(
      z.strictObject({
        purpose,
        label: bilingual,
        law: z.string().meta({ example: 'PIPL 23' }),
        version: textVersion,
        from: day,
        text: bilingual,
        sha256: z.string().meta({ description: 'SHA-256, hex, of the Chinese text, a line feed and the English one' }),
        recipients: z.array(bilingual).meta({ description: 'Who may receive the data; to be shown with the text' }),
      }),
    ),
  })
  .meta({ id: 'ConsentTexts', description: 'The wording in force, to be shown before a person agrees' });

const paper = z
  .strictObject({ documentId: uuid, signedOn: day })
  .meta({ id: 'SignedPaper', description: 'What the person signed, uploaded before: needed where somebody else records it' });

export const newConsent = z.strictObject({ purpose, textVersion, paper: paper.optional() }).meta({ id: 'NewConsent' });
/** The whole body may be left out: withdrawing takes no more than giving. */
export const consentWithdrawal = z.strictObject({ paper: paper.optional() }).nullish().meta({ id: 'ConsentWithdrawal' });

const effects = z.array(
  z
    .strictObject({
      claim: claimNumber,
      state: z.enum(CLAIM_STATES),
      effect: z.enum(Object.keys(WITHDRAWAL_EFFECTS) as [keyof typeof WITHDRAWAL_EFFECTS]),
      text: bilingual,
    })
    .meta({ id: 'WithdrawalEffect', description: 'What a withdrawal does to an open claim' }),
);

const consent = z
  .strictObject({
    purpose,
    label: bilingual,
    status: z.enum(['GIVEN', 'WITHDRAWN', 'NOT_GIVEN']),
    counts: z.boolean().meta({ description: 'false also where the wording has changed so much since that it has to be given anew' }),
    textVersion: textVersion.nullable(),
    textSha256: z.string().nullable(),
    at: time.nullable(),
    how: z.enum(['SELF', 'PAPER']).nullable(),
    by: actor.nullable(),
    documentId: uuid.nullable(),
    signedOn: day.nullable(),
    ifWithdrawn: effects,
  })
  .meta({ id: 'Consent' });

const history = z.array(
  z.strictObject({ purpose, kind: z.enum(['GIVEN', 'WITHDRAWN']), textVersion, textSha256: z.string(), at: time, how: z.enum(['SELF', 'PAPER']), by: actor }),
);

const elsewhere = z.int().meta({ description: 'How many more open claims a withdrawal touches, of units that the caller does not see' });

export const consents = z
  .strictObject({ items: z.array(consent), elsewhere, history })
  .meta({ id: 'Consents', description: 'One item for each purpose; `history` oldest first' });
export const consentWithdrawn = z.strictObject({ items: z.array(consent), elsewhere, history, effects }).meta({ id: 'ConsentWithdrawn' });
