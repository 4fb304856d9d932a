import type { ClaimWorkflow } from '#api/contract/operations.ts';
import { Time } from '../ui/time.tsx';
import { codeWord, t } from './words.ts';

type Workflow = NonNullable<ClaimWorkflow['workflow']>;
type Failure = Workflow['events'][number]['failure'];

/** What Temporal has of the claim; why there is nothing where it has none. */
export function WorkflowCard({ claim }: { claim: ClaimWorkflow }) {
  const { workflow, temporal, uiUrl } = claim;
  return (
    <section class="card" aria-labelledby="workflow">
      <div class="row between">
        <h2 id="workflow">{t('claim.workflow')}</h2>
        {uiUrl !== null && (
          <a class="button" href={uiUrl} target="_blank" rel="noreferrer">
            {t('claim.ui')}
          </a>
        )}
      </div>
      {workflow === null ? (
        <p class="notice warn">{t(temporal === 'UNAVAILABLE' ? 'claim.unavailable' : 'claim.no-workflow')}</p>
      ) : (
        <>
          {workflow.taskAttempt !== null && workflow.taskAttempt > 1 && <p class="notice bad">{t('claim.task-failing', { n: workflow.taskAttempt })}</p>}
          <Facts workflow={workflow} />
          <Pending calls={workflow.pendingActivities} />
          <Timers timers={workflow.timers} />
          <Events workflow={workflow} />
        </>
      )}
    </section>
  );
}

function Facts({ workflow: { status, startedAt, closedAt, taskQueue, runId } }: { workflow: Workflow }) {
  return (
    <dl class="facts small">
      <dt>{t('claim.status')}</dt>
      <dd>
        <span class={`tag ${status === 'RUNNING' ? 'good' : 'warn'}`}>{codeWord('status', status)}</span>
      </dd>
      <dt>{t('claim.started')}</dt>
      <dd>
        <Time at={startedAt} />
      </dd>
      {closedAt !== null && (
        <>
          <dt>{t('claim.ended')}</dt>
          <dd>
            <Time at={closedAt} />
          </dd>
        </>
      )}
      <dt>{t('claim.queue')}</dt>
      <dd class="code">{taskQueue}</dd>
      <dt>{t('claim.run')}</dt>
      <dd class="code">{runId}</dd>
    </dl>
  );
}

function Pending({ calls }: { calls: Workflow['pendingActivities'] }) {
  return (
    <div class="stack-small">
      <h3>{t('claim.pending')}</h3>
      {calls.length === 0 && <p class="muted">{t('claim.pending.none')}</p>}
      {calls.map((call) => (
        <div key={call.id} class={call.lastFailure ? 'notice bad' : 'notice'}>
          <p class="row">
            <span class="strong">{codeWord('key', call.type)}</span>
            <span class="tag quiet">{t(`state.${call.state}`)}</span>
            <span class="small">{t('claim.attempt', { n: call.attempt })}</span>
          </p>
          <FailureText failure={call.lastFailure} />
          <p class="small">
            {[
              call.lastFailedAt !== null && <Said key="failed" word="claim.failed-at" at={call.lastFailedAt} />,
              call.nextAttemptAt !== null && <Said key="next" word="claim.next" at={call.nextAttemptAt} />,
              call.givesUpAt !== null && <Said key="gives-up" word="claim.gives-up" at={call.givesUpAt} />,
            ]}
          </p>
        </div>
      ))}
    </div>
  );
}

/** A sentence around a time. */
function Said({ word, at }: { word: 'claim.failed-at' | 'claim.next' | 'claim.gives-up' | 'claim.timer'; at: string }) {
  const [before = '', after = ''] = t(word, { time: '\u0000' }).split('\u0000');
  return (
    <span class="said">
      {before}
      <Time at={at} />
      {after}
    </span>
  );
}

function Timers({ timers }: { timers: Workflow['timers'] }) {
  return (
    <div class="stack-small">
      <h3>{t('claim.timers')}</h3>
      {timers.length === 0 && <p class="muted">{t('claim.timers.none')}</p>}
      {timers.map(({ id, dueAt }) => (
        <p key={id} class="row">
          <span class="tag quiet">{id}</span>
          {dueAt !== null && <Said word="claim.timer" at={dueAt} />}
        </p>
      ))}
    </div>
  );
}

function Events({ workflow }: { workflow: Workflow }) {
  const newest = [...workflow.events].sort((a, b) => b.id - a.id);
  return (
    <details>
      <summary>{t('claim.events', { n: workflow.historyLength })}</summary>
      {workflow.eventsOmitted && <p class="muted small">{t('claim.events.omitted', { n: newest.length })}</p>}
      <ol class="list small" reversed>
        {newest.map(({ id, type, at, name, attempt, failure }) => (
          <li key={id}>
            <p class="row between">
              <span>
                <span class="muted numbers">{id}</span> <span class="strong">{name === null ? type : codeWord('key', name)}</span>
                {attempt !== null && attempt > 1 && ` · ${t('claim.attempt', { n: attempt })}`}
              </span>
              {at !== null && (
                <span class="muted">
                  <Time at={at} />
                </span>
              )}
            </p>
            {name !== null && <p class="code muted">{type}</p>}
            <FailureText failure={failure} />
          </li>
        ))}
      </ol>
    </details>
  );
}

function FailureText({ failure }: { failure: Failure }) {
  if (!failure) return null;
  return <p class="code">{[failure.type, failure.message].filter((part) => part !== null).join(': ')}</p>;
}
