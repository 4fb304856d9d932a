import { ofClaim, useResource } from '../../client/resource.ts';
import { say } from '../../i18n/language.ts';
import { Shown } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import type { Decisions, Task } from '../contract.ts';
import { t } from '../words.ts';
import { AboutCard, textOf } from './card.tsx';

/** What the employee says against the decision, and what was decided. */
export function AppealedDecision({ task }: { task: Task }) {
  const decisions = useResource<Decisions>(`/v1/claims/${task.claimNumber}/decisions`, ofClaim(task.claimNumber));
  const reason = textOf(task, 'reason');
  return (
    <AboutCard title={t('appeal.title')}>
      {reason !== undefined && <p class="notice">{t('appeal.reason', { reason })}</p>}
      <Shown of={decisions}>
        {({ items }) => {
          const last = items.at(-1);
          if (!last) return <p>{t('appeal.none')}</p>;
          const { outcome, reasons, remark, recordedAt } = last;
          return (
            <>
              <p>
                <span class="tag bad">{t(`written.${outcome}`)}</span> <Time at={recordedAt} />
              </p>
              {reasons.map(({ code, label, text }) => (
                <p key={code}>{[label ? say(label) : code, text].filter(Boolean).join('：')}</p>
              ))}
              {remark !== '' && <p>{remark}</p>}
            </>
          );
        }}
      </Shown>
    </AboutCard>
  );
}
