import type { ApprovalJson } from '#api/contract/approval.ts';
import { useResource, ofClaim } from '../client/resource.ts';
import { Time } from '../ui/time.tsx';
import { trailLabel } from './labels.ts';
import { t } from './words.ts';

type Person = ApprovalJson['waitingFor'][number];
const names = (people: readonly Person[]): string => people.map(({ name, employeeNo }) => name || employeeNo).join('、');

/** 审批记录: who did what, for whom, and whose turn it is; nothing where the claim passes no approval. */
export function Trail({ number }: { number: string }) {
  const { value } = useResource<ApprovalJson>(`/v1/claims/${number}/approval`, ofClaim(number));
  if (!value || value.flow === null) return null;
  return (
    <section class="card">
      <h2>{t('trail.title')}</h2>
      <ol class="timeline">
        {value.trail.map(({ no, at, action, by, onBehalfOf, people, comment }) => (
          <li key={no} class="done">
            <strong>{by ? names([by]) : t('trail.flow')}</strong>
            {onBehalfOf && t('trail.for', { name: names([onBehalfOf]) })} {trailLabel(action)} {names(people)}
            <br />
            <span class="muted small">
              <Time at={at} />
            </span>
            {comment !== null && <p>{comment}</p>}
          </li>
        ))}
        {value.waitingFor.length > 0 && <li class="current">{t('trail.waiting', { people: names(value.waitingFor) })}</li>}
      </ol>
    </section>
  );
}
