import type { Progress } from '#api/contract/claims.ts';
import type { DocumentKind } from '#domain/claim/completeness.ts';
import { eventually, type RunningStack } from '../run-stack.ts';
import { claimWithoutPrescription, submitSample, uploadSamples } from '../sample-claims.ts';
import { PEOPLE } from '../seed.ts';
import { both, clock, type Say } from './words.ts';

/** A claim without the prescription: the claimant hears what is missing and until when, adds it, and the claim goes on to the bureau. */
export async function mendClaim({ api }: RunningStack, say: Say): Promise<void> {
  const { employeeNo: as, name } = PEOPLE.colleague;
  const { number } = await submitSample(api, await claimWithoutPrescription(api));
  const progressIn = (...states: string[]): Promise<Progress> =>
    eventually(`claim ${number} to be ${states.join(' or ')}`, async () => {
      const progress = await api.get<Progress>(`/v1/claims/${number}/progress`, { as });
      return states.includes(progress.state) ? progress : undefined;
    });

  const asked = await progressIn('PENDED_INFO');
  say(`\nA document is missing · 缺少材料: claim ${number} of ${name}`);
  for (const { label } of asked.missingDocuments) say(`  缺 · missing: ${both(label)}`);
  say(`  ${both(asked.nextStep.text)}`);
  if (asked.turn) say(`  whose turn: ${both(asked.turn.label)}${asked.expectedBy ? `, by ${clock(asked.expectedBy)}` : ''}`);

  const documents = await uploadSamples(
    api,
    asked.missingDocuments.map(({ kind }) => kind as DocumentKind),
    number,
  );
  await api.post(`/v1/claims/${number}/documents`, { documents }, { as });
  await api.post(`/v1/claims/${number}/materials-complete`, { comment: '处方已补交' }, { as });
  const mended = await progressIn('SENT_TO_BUREAU', 'IN_REVIEW', 'APPROVED', 'PAYMENT_IN_PROCESS', 'PAID');
  const at = mended.stages.find(({ stage }) => stage === 'BUREAU_REVIEW');
  if (at?.at) say(`  补齐后 · once it is there: ${clock(at.at)}  ${both(at.label)}`);
}
