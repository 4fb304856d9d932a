import type { Claim } from '#api/contract/claims.ts';
import type { TaskJson } from '#api/contract/tasks.ts';
import { CLAIM_KINDS } from '#domain/claim/completeness.ts';
import type { Change } from '../client/live.ts';
import { ofClaim, useResource } from '../client/resource.ts';
import { say } from '../i18n/language.ts';
import { Link, type Params } from '../router.tsx';
import { groupDigits, Money } from '../ui/money.tsx';
import { Page } from '../ui/page.tsx';
import { Shown } from '../ui/states.tsx';
import { Due } from '../ui/time.tsx';
import { About } from './about/about.tsx';
import { DecisionForm } from './decide.tsx';
import { Documents } from './documents.tsx';
import { choiceLabel, kindLabel } from './labels.ts';
import { TimeLeft } from './time-left.tsx';
import { Trail } from './trail.tsx';
import { t } from './words.ts';

const CLASSES: Record<string, { zh: string; en: string }> = { '01': { zh: '甲', en: 'A' }, '02': { zh: '乙', en: 'B' }, '03': { zh: '丙', en: 'C' } };

/** One task: what it is about beside what can be decided. */
export function TaskPage({ params }: { params: Params }) {
  const { id = '' } = params;
  // which claim it is about is not known before it is read
  const task = useResource<TaskJson>(`/v1/tasks/${id}`, ({ claims, tasks }: Change) => tasks.includes(id) || claims.length > 0);
  const number = task.value?.claimNumber;
  const claim = useResource<Claim>(number === undefined ? null : `/v1/claims/${number}`, number === undefined ? undefined : ofClaim(number));
  return (
    <Page title={task.value ? titleOf(task.value) : t('inbox.title')} back="/app/manager" wide aside={task.value && <TimeLeft task={task.value} />}>
      <Shown of={task}>
        {(found) => (
          <div class="beside stack">
            <div class="stack">
              <Facts task={found} claim={claim.value} />
              <About task={found} claim={claim.value} />
              {found.medical === 'hidden' ? <p class="notice">{t('task.hidden')}</p> : <Shown of={claim}>{(of) => <Evidence claim={of} />}</Shown>}
              <Trail number={found.claimNumber} />
            </div>
            <div class="decision">
              <Decision task={found} claim={claim.value} onStale={task.reload} />
            </div>
          </div>
        )}
      </Shown>
    </Page>
  );
}

const titleOf = ({ kind, claim }: TaskJson): string => `${kindLabel(kind)} · ${claim.employeeName ?? claim.employeeNo}`;

function Decision({ task, claim, onStale }: { task: TaskJson; claim: Claim | undefined; onStale: () => void }) {
  if (task.status === 'CANCELLED') return <p class="notice">{t('task.cancelled')}</p>;
  if (task.status === 'DECIDED') {
    return (
      <div class="notice" role="status">
        <p>{t('task.decided', { choice: choiceLabel(task.decision?.choice ?? '') })}</p>
        {task.decision?.comment && <p>{task.decision.comment}</p>}
      </div>
    );
  }
  return (
    <>
      {task.claim.onHold && <p class="notice warn">{t('task.held')}</p>}
      {task.onBehalfOf !== null && <p class="notice">{t('for-absent', { no: task.onBehalfOf })}</p>}
      {/* begun anew where the task is another than what was read: nobody signs what was changed meanwhile */}
      <DecisionForm key={task.version} task={task} claim={claim} onStale={onStale} />
    </>
  );
}

function Facts({ task, claim }: { task: TaskJson; claim: Claim | undefined }) {
  const { claim: head, claimNumber, dueAt, workingDaysLeft, unitCode } = task;
  return (
    <section class="card">
      <dl class="facts">
        <dt>{t('task.claimant')}</dt>
        <dd>
          {head.employeeName} <span class="numbers muted">{head.employeeNo}</span>
        </dd>
        <dt>{t('task.amount')}</dt>
        <dd>
          <Money yuan={head.submitted} strong />
        </dd>
        <dt>{t('task.kind')}</dt>
        <dd>{say(CLAIM_KINDS[head.kind])}</dd>
        {claim?.hospital && (
          <>
            <dt>{t('task.hospital')}</dt>
            <dd>{claim.hospital.name}</dd>
          </>
        )}
        {claim?.visit && (
          <>
            <dt>{t('task.visit')}</dt>
            <dd class="numbers">{claim.visit.start === claim.visit.end ? claim.visit.start : `${claim.visit.start} – ${claim.visit.end}`}</dd>
          </>
        )}
        <dt>{t('task.unit')}</dt>
        <dd>{claim?.unitCode ?? unitCode}</dd>
        <dt>{t('task.claim')}</dt>
        <dd>
          <Link href={`/app/manager/claims/${claimNumber}?all=1`}>
            <span class="numbers">{claimNumber}</span>
          </Link>
        </dd>
        {dueAt !== null && task.status === 'OPEN' && (
          <>
            <dt>{t('task.due')}</dt>
            <dd>
              <Due at={dueAt} workingDays={workingDaysLeft} provisional={false} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

/** Documents and items, for those who may see what is medical. */
export function Evidence({ claim }: { claim: Claim }) {
  if (claim.medical === 'hidden') return <p class="notice">{t('task.hidden')}</p>;
  return (
    <>
      <section class="stack-small">
        <h2>{t('documents.title')}</h2>
        <Documents documents={claim.documents} />
      </section>
      <section class="stack-small">
        <h2 id="lines">{t('lines.title')}</h2>
        {/* a region that scrolls has to be reached without a mouse as well (axe: scrollable-region-focusable) */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div class="table-scroll" tabIndex={0} role="region" aria-labelledby="lines">
          <table>
            <thead>
              <tr>
                <th scope="col">{t('lines.item')}</th>
                <th scope="col">{t('lines.class')}</th>
                <th scope="col" class="number">
                  {t('lines.amount')}
                </th>
              </tr>
            </thead>
            <tbody>
              {claim.lines.map(({ lineNo, itemName, itemClass, amount }) => (
                <tr key={lineNo}>
                  <td>{itemName}</td>
                  <td>{say(CLASSES[itemClass] ?? { zh: itemClass, en: itemClass })}</td>
                  <td class="number">{groupDigits(amount)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}
