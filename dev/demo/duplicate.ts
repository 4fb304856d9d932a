import type { Progress } from '#api/contract/claims.ts';
import { eventually, type RunningStack } from '../run-stack.ts';
import { submitSample, type SampleClaim } from '../sample-claims.ts';
import { PEOPLE } from '../seed.ts';
import { both, type Say } from './words.ts';

type Words = { zh: string; en: string };
type Matches = { items: { label: Words; gradeLabel: Words; where: Words; other: { claimNumber: string; unitCode: string } | null }[] };
type Tasks = { items: { id: string; version: number }[] };

/** The same bill is claimed once more: it is found before the bureau sees it, HR looks at both claims, and says that they are one. */
export async function catchDuplicate({ api }: RunningStack, { claim, number }: { claim: SampleClaim; number: string }, say: Say): Promise<void> {
  // whoever comes second is the duplicate
  await stateOf(api, number, (state) => state !== 'SUBMITTED');
  const second = await submitSample(api, claim);
  await stateOf(api, second.number, (state) => state === 'PENDED_DUPLICATE');

  say(`\nThe same bill again · 同一票据再次报销: claim ${second.number}`);
  const { note } = await api.get<Progress>(`/v1/claims/${second.number}/progress`, { as: claim.employeeNo });
  if (note) say(`  what ${PEOPLE.claimant.name} sees: ${both(note.label)}`);
  const hr = PEOPLE.hr;
  const matches = await api.get<Matches>(`/v1/claims/${second.number}/matches`, { as: hr.employeeNo });
  say(`  what ${hr.name}, HR of her company, sees:`);
  for (const { label, gradeLabel, other, where } of matches.items)
    say(`    ${both(label)} — ${both(gradeLabel)}: ${other ? `${other.claimNumber}, ${other.unitCode}` : both(where)}`);

  const { items } = await api.get<Tasks>(`/v1/tasks?claimNumber=${second.number}&kind=DUPLICATE_REVIEW`, { as: hr.employeeNo });
  const [task] = items;
  if (!task) throw new Error(`claim ${second.number} has nothing for HR to decide`);
  const decision = { choice: 'DUPLICATE', comment: '与已受理申请为同一张票据' };
  await api.post(`/v1/tasks/${task.id}/decision`, decision, { as: hr.employeeNo, ifMatch: `"${task.version}"` });
  await stateOf(api, second.number, (state) => state === 'DENIED');
  const history = await api.get<{ items: { toState: string; actorLabel: Words; remark: Words }[] }>(`/v1/claims/${second.number}/history`);
  const denied = history.items.findLast(({ toState }) => toState === 'DENIED');
  if (denied) say(`  ${both(denied.actorLabel)}: ${both(denied.remark)}`);
}

function stateOf(api: RunningStack['api'], number: string, is: (state: string) => boolean): Promise<string> {
  return eventually(`claim ${number} to move on`, async () => {
    const { state } = await api.get<{ state: string }>(`/v1/claims/${number}`);
    return is(state) ? state : undefined;
  });
}
