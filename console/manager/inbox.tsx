import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ClaimSummary } from '#api/contract/claims.ts';
import type { BoxCountsJson, TaskJson } from '#api/contract/tasks.ts';
import { CLAIM_KINDS } from '#domain/claim/completeness.ts';
import { STAGE_LABELS } from '#domain/claim/states.ts';
import { get } from '../client/api.ts';
import { useResource } from '../client/resource.ts';
import { say } from '../i18n/language.ts';
import { t as shared } from '../i18n/words.ts';
import { Link, query } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { Money } from '../ui/money.tsx';
import { Page } from '../ui/page.tsx';
import { Empty, Shown } from '../ui/states.tsx';
import { Time } from '../ui/time.tsx';
import { BulkDialog } from './bulk.tsx';
import { choiceLabel, forMany, kindLabel } from './labels.ts';
import { TimeLeft } from './time-left.tsx';
import { t } from './words.ts';

const BOXES = ['todo', 'done', 'started', 'copied'] as const;
type Box = (typeof BOXES)[number];
type Listed<Item> = { items: Item[]; nextCursor: string | null };

const addressOf = (box: Box): string => (box === 'todo' || box === 'done' ? `/v1/tasks?limit=50&box=${box}` : `/v1/claims?limit=50&box=${box}`);

/** 待办, 已办, 我发起的, 抄送我的. */
export function InboxPage() {
  const asked = query('box');
  const box = BOXES.find((each) => each === asked) ?? 'todo';
  const counts = useResource<BoxCountsJson>('/v1/tasks/counts');
  return (
    <Page
      title={t('inbox.title')}
      wide
      aside={
        <Link class="button plain" href="/app/manager/substitutions">
          {t('inbox.substitution')}
        </Link>
      }
    >
      <nav class="tabs" aria-label={t('boxes')}>
        {BOXES.map((each) => (
          <Link key={each} href={each === 'todo' ? '/app/manager' : `/app/manager?box=${each}`} aria-current={each === box ? 'page' : undefined}>
            {t(`box.${each}`)}
            {counts.value && <span class="count numbers">{counts.value[each]}</span>}
          </Link>
        ))}
      </nav>
      {box === 'todo' && counts.value && counts.value.overdue > 0 && (
        <p class="notice bad" role="status">
          {t('inbox.overdue', { n: counts.value.overdue })}
        </p>
      )}
      {box === 'todo' || box === 'done' ? <Tasks key={box} box={box} /> : <Claims key={box} box={box} />}
    </Page>
  );
}

/** A list with the pages that were asked for beyond the first; these go when the first one is renewed. */
function useListed<Item>(address: string) {
  const first = useResource<Listed<Item>>(address);
  const more = useSignal<Listed<Item> | undefined>(undefined);
  useEffect(() => {
    more.value = undefined;
  }, [first.value]);
  const cursor = more.value ? more.value.nextCursor : (first.value?.nextCursor ?? null);
  const load = async (): Promise<void> => {
    const next = await get<Listed<Item>>(`${address}&cursor=${cursor ?? ''}`);
    more.value = { items: [...(more.value?.items ?? []), ...next.items], nextCursor: next.nextCursor };
  };
  return { first, further: more.value?.items ?? [], more: cursor === null ? null : <Button onClick={load}>{shared('more')}</Button> };
}

function Tasks({ box }: { box: 'todo' | 'done' }) {
  const { first, further, more } = useListed<TaskJson>(addressOf(box));
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const deciding = useSignal<readonly TaskJson[] | undefined>(undefined);
  const select = (id: string, on: boolean): void => {
    selected.value = new Set(on ? [...selected.value, id] : [...selected.value].filter((each) => each !== id));
  };
  return (
    <Shown of={first}>
      {({ items }) => {
        const tasks = [...items, ...further];
        const chosen = tasks.filter(({ id }) => selected.value.has(id));
        const kinds = new Set(chosen.map(({ kind }) => kind));
        if (tasks.length === 0) return <Empty>{t(`box.${box}.none`)}</Empty>;
        return (
          <div class="stack">
            {chosen.length > 0 && (
              <div class="card row between bulk-bar" role="status">
                <span>{kinds.size > 1 ? t('bulk.mixed') : t('inbox.selected', { n: chosen.length })}</span>
                <span class="actions">
                  <Button kind="plain" onClick={() => void (selected.value = new Set())}>
                    {t('inbox.clear')}
                  </Button>
                  {kinds.size === 1 && (
                    <Button kind="primary" onClick={() => void (deciding.value = chosen)}>
                      {t('inbox.bulk')}
                    </Button>
                  )}
                </span>
              </div>
            )}
            <ul class="list tasks">
              {tasks.map((task) => (
                <TaskRow key={task.id} task={task} {...(box === 'todo' && { selected: selected.value.has(task.id), onSelect: select })} />
              ))}
            </ul>
            {more}
            {deciding.value && (
              <BulkDialog
                tasks={deciding.value}
                onClose={(done) => {
                  deciding.value = undefined;
                  if (!done) return;
                  selected.value = new Set();
                  first.reload();
                }}
              />
            )}
          </div>
        );
      }}
    </Shown>
  );
}

const nameOf = ({ claim }: TaskJson): string => claim.employeeName ?? claim.employeeNo;

type RowProps = { task: TaskJson; selected?: boolean; onSelect?: (id: string, on: boolean) => void };

function TaskRow({ task, selected = false, onSelect }: RowProps) {
  const { id, kind, claimNumber, claim, decision, onBehalfOf, status, closedAt } = task;
  const what = `${kindLabel(kind)} · ${nameOf(task)}`;
  return (
    <li class="task-row">
      {onSelect && task.choices.some(forMany) && (
        <label class="check">
          <input type="checkbox" checked={selected} onChange={(event) => onSelect(id, event.currentTarget.checked)} />
          <span class="unseen">{t('inbox.select', { what: `${what} ${claimNumber}` })}</span>
        </label>
      )}
      <Link class="grow" href={`/app/manager/tasks/${id}`}>
        <span class="row between">
          <strong>{what}</strong>
          <Money yuan={claim.submitted} strong />
        </span>
        <span class="row between">
          <span class="muted small">
            {say(CLAIM_KINDS[claim.kind])} · {task.unitCode} · <span class="numbers">{claimNumber}</span>
          </span>
          <span class="row">
            {claim.onHold && status === 'OPEN' && <span class="tag warn">{t('held')}</span>}
            {onBehalfOf !== null && <span class="tag">{t('for-absent', { no: onBehalfOf })}</span>}
            <TimeLeft task={task} />
            {decision && <span class="small">{t('done.as', { choice: choiceLabel(decision.choice) })}</span>}
            {status === 'CANCELLED' && <span class="small">{t('done.cancelled')}</span>}
            {closedAt !== null && (
              <span class="muted small">
                <Time at={closedAt} />
              </span>
            )}
          </span>
        </span>
      </Link>
    </li>
  );
}

function Claims({ box }: { box: 'started' | 'copied' }) {
  const { first, further, more } = useListed<ClaimSummary>(addressOf(box));
  return (
    <Shown of={first}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty>{t(`box.${box}.none`)}</Empty>
        ) : (
          <div class="stack">
            <ul class="list tasks">
              {[...items, ...further].map(({ number, kind, employeeNo, unitCode, stage, submittedAmount, createdAt }) => (
                <li key={number} class="task-row">
                  <Link class="grow" href={`/app/manager/claims/${number}`}>
                    <span class="row between">
                      <strong>
                        {say(CLAIM_KINDS[kind])} · <span class="numbers">{employeeNo}</span>
                      </strong>
                      <Money yuan={submittedAmount} strong />
                    </span>
                    <span class="row between">
                      <span class="muted small">
                        {unitCode} · <span class="numbers">{number}</span> · <Time at={createdAt} />
                      </span>
                      {stage && <span class="tag quiet">{say(STAGE_LABELS[stage])}</span>}
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
            {more}
          </div>
        )
      }
    </Shown>
  );
}
