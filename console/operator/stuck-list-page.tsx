import { useSignal } from '@preact/signals';
import type { StuckClaim } from '#api/contract/operations.ts';
import { STUCK_REASONS } from '#domain/operations/stuck.ts';
import { get } from '../client/api.ts';
import { Link, query, type Params } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { Page } from '../ui/page.tsx';
import { Empty, NotFound, Shown } from '../ui/states.tsx';
import { formatTime } from '../ui/time.tsx';
import { useFresh } from './fresh.ts';
import { ago, keyLabel } from './labels.ts';
import { t as shared } from '../i18n/words.ts';
import { codeWord, t } from './words.ts';

type Listed = { items: StuckClaim[]; nextCursor: string | null };

/** The claims of one reason, those that stand still for longest first. */
export function StuckListPage({ params }: { params: Params }) {
  const reason = STUCK_REASONS.find((known) => known === params['reason']);
  return reason ? <StuckList reason={reason} ofKey={query('key') ?? undefined} /> : <NotFound />;
}

function StuckList({ reason, ofKey }: { reason: (typeof STUCK_REASONS)[number]; ofKey: string | undefined }) {
  const path = `/v1/operations/stuck/claims?limit=50&reason=${reason}${ofKey === undefined ? '' : `&key=${encodeURIComponent(ofKey)}`}`;
  const first = useFresh<Listed>(path);
  const further = useSignal<readonly Listed[]>([]);
  const pages = (shown: Listed): readonly Listed[] => [shown, ...further.value];
  const more = async (cursor: string): Promise<void> => {
    further.value = [...further.value, await get<Listed>(`${path}&cursor=${encodeURIComponent(cursor)}`)];
  };
  return (
    <Page title={t(`reason.${reason}`)} back="/app/operator" wide>
      {ofKey !== undefined && ofKey !== '' && <p class="muted">{keyLabel(ofKey)}</p>}
      <Shown of={first}>
        {(shown) => {
          const all = pages(shown);
          const cursor = all[all.length - 1]?.nextCursor ?? null;
          const items = all.flatMap((page) => page.items);
          return (
            <>
              {items.length === 0 ? <Empty>{t('stuck.list.none')}</Empty> : <ul class="list">{items.map(Row)}</ul>}
              {cursor !== null && <Button onClick={() => more(cursor)}>{shared('more')}</Button>}
            </>
          );
        }}
      </Shown>
    </Page>
  );
}

function Row({ number, state, unitCode, since, dueAt, failure, attempt, onHold }: StuckClaim) {
  return (
    <li class="linked" key={number}>
      <Link class="row between" href={`/app/operator/claims/${number}`}>
        <span class="grow">
          <span class="numbers strong">{number}</span> <span class="tag quiet">{codeWord('at', state)}</span>{' '}
          {onHold && <span class="tag warn">{t('claim.held')}</span>}
          <br />
          <span class="muted small">
            {unitCode}
            {dueAt !== null && ` · ${t('stuck.due', { time: formatTime(dueAt) })}`}
            {attempt !== null && ` · ${t('stuck.attempt', { n: attempt })}`}
          </span>
          {failure !== null && (
            <>
              <br />
              <span class="code">{failure}</span>
            </>
          )}
        </span>
        <span class="small">{t('stuck.since', { time: ago(since) })}</span>
      </Link>
    </li>
  );
}
