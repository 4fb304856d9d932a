import type { z } from 'zod';
import { shanghaiDay } from '#domain/calendar.ts';
import { effectOfWithdrawal, WITHDRAWAL_EFFECTS } from '#domain/consent/effects.ts';
import { CONSENT_LABELS, CONSENT_PURPOSES, type ConsentPurpose } from '#domain/consent/purposes.ts';
import { CONSENT_TEXTS, stillCounts, textInForce } from '#domain/consent/texts.ts';
import type { Gateways } from '#platform/gateways.ts';
import type { ConsentRow, OpenClaimOfPerson } from '#prisma/queries/consents.ts';
import type { consents, consentTexts } from './contract/consents.ts';

/** What a withdrawal of `purpose` does to each open claim. */
export function effectsToJson(purpose: ConsentPurpose, claims: readonly OpenClaimOfPerson[]) {
  return claims.map((claim) => {
    const effect = effectOfWithdrawal(purpose, claim);
    return { claim: claim.number, state: claim.state, effect, text: WITHDRAWAL_EFFECTS[effect] };
  });
}

/** Each purpose with the last word on it, and what taking it back would do: to `claims`, and to so many `elsewhere`. */
export function consentsToJson(input: {
  rows: readonly ConsentRow[];
  claims: readonly OpenClaimOfPerson[];
  elsewhere: number;
  now: Date;
}): z.output<typeof consents> {
  const day = shanghaiDay(input.now);
  const items = CONSENT_PURPOSES.map((purpose) => {
    const last = input.rows.findLast((row) => row.purpose === purpose) ?? null;
    const given = last?.kind === 'GIVEN';
    return {
      ...{ purpose, label: labelOf(purpose), status: last?.kind ?? ('NOT_GIVEN' as const), counts: given && stillCounts(last, day) },
      ...{ textVersion: last?.textVersion ?? null, textSha256: last?.textSha256 ?? null, at: last?.at.toISOString() ?? null },
      ...{ how: last?.how ?? null, by: last?.actor ?? null, documentId: last?.documentId ?? null, signedOn: last?.signedOn ?? null },
      ifWithdrawn: given ? effectsToJson(purpose, input.claims) : [],
    };
  });
  const history = input.rows.map(({ purpose, kind, textVersion, textSha256, how, actor, at }) => ({
    ...{ purpose, kind, textVersion, textSha256, how, by: actor, at: at.toISOString() },
  }));
  return { items, elsewhere: input.elsewhere, history };
}

/** The wording in force. A recipient is named as it is declared: bureaus and the bank that this installation works with. */
export function textsToJson({ gateways, now }: { gateways: Pick<Gateways, 'bureaus' | 'banks'>; now: Date }): z.output<typeof consentTexts> {
  const recipients: Record<ConsentPurpose, { zh: string; en: string }[]> = {
    SENSITIVE_DATA: [],
    SHARING_BUREAU: gateways.bureaus.map(({ name }) => name),
    SHARING_BANK: gateways.banks.map(({ name }) => name),
  };
  return {
    items: CONSENT_PURPOSES.map((purpose) => {
      const { version, from, zh, en, sha256 } = textInForce(purpose, shanghaiDay(now));
      return { purpose, label: labelOf(purpose), law: CONSENT_LABELS[purpose].law, version, from, text: { zh, en }, sha256, recipients: recipients[purpose] };
    }),
  };
}

/** The text that a person agreed to, whether or not it is still in force. */
export function textAgreedTo({ purpose, textVersion }: ConsentRow) {
  const text = CONSENT_TEXTS.find((one) => one.purpose === purpose && one.version === textVersion);
  if (!text) throw new Error(`no wording ${textVersion} of ${purpose}`);
  return text;
}

const labelOf = (purpose: ConsentPurpose) => ({ zh: CONSENT_LABELS[purpose].zh, en: CONSENT_LABELS[purpose].en });
