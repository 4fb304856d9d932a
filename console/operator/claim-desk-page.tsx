import type { ClaimWorkflow } from '#api/contract/operations.ts';
import { ofClaim } from '../client/resource.ts';
import { say } from '../i18n/language.ts';
import type { Params } from '../router.tsx';
import { Page } from '../ui/page.tsx';
import { Shown } from '../ui/states.tsx';
import { Time } from '../ui/time.tsx';
import { useFresh } from './fresh.ts';
import { Operations } from './operations.tsx';
import { codeWord, t } from './words.ts';
import { WorkflowCard } from './workflow-card.tsx';

/** One claim: its transitions beside what its workflow does, and what can be done about it. */
export function ClaimDeskPage({ params }: { params: Params }) {
  const number = params['number'] ?? '';
  const desk = useFresh<ClaimWorkflow>(`/v1/claims/${encodeURIComponent(number)}/workflow`, ofClaim(number));
  return (
    <Page title={t('claim.title', { number })} back="/app/operator" wide>
      <Shown of={desk}>{(claim) => <Desk claim={claim} onDone={desk.reload} />}</Shown>
    </Page>
  );
}

function Desk({ claim, onDone }: { claim: ClaimWorkflow; onDone: () => void }) {
  const { state, seq, onHold, closedAt, unitCode, bureauCode } = claim;
  return (
    <>
      <p class="row">
        <span class="tag">{codeWord('at', state)}</span>
        {onHold && <span class="tag warn">{t('claim.held')}</span>}
        {closedAt !== null && <span class="tag quiet">{t('claim.closed')}</span>}
        <span class="muted small">
          {unitCode} · {bureauCode} · {t('claim.version', { seq })}
        </span>
      </p>
      {closedAt === null && <Operations claim={claim} onDone={onDone} />}
      <div class="desk">
        <Transitions claim={claim} />
        <WorkflowCard claim={claim} />
      </div>
    </>
  );
}

/** Newest first, as the history beside it. */
function Transitions({ claim }: { claim: ClaimWorkflow }) {
  const newest = [...claim.transitions].sort((a, b) => b.seq - a.seq);
  return (
    <section class="card" aria-labelledby="transitions">
      <h2 id="transitions">{t('claim.transitions')}</h2>
      <ol class="timeline" reversed>
        {newest.map(({ seq, toState, at, actorLabel, remark }, index) => (
          <li key={seq} class={index === 0 ? 'current' : 'done'}>
            <p class="strong">{say(remark)}</p>
            <p class="muted small">
              <Time at={at} /> · {say(actorLabel)} · {codeWord('at', toState)} · {seq}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}
