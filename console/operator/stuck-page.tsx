import { useSignal } from '@preact/signals';
import type { Stuck } from '#api/contract/operations.ts';
import { Link, navigate } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { Page } from '../ui/page.tsx';
import { Empty, Shown } from '../ui/states.tsx';
import { useFresh } from './fresh.ts';
import { ago, keyLabel } from './labels.ts';
import { Tabs } from './tabs.tsx';
import { t } from './words.ts';

type Group = Stuck['groups'][number];

/** What stands still and why: counts and the oldest, reason by reason. */
export function StuckPage() {
  const stuck = useFresh<Stuck>('/v1/operations/stuck');
  return (
    <Page title={t('stuck.title')} wide>
      <Tabs />
      <FindClaim />
      <Shown of={stuck}>
        {({ groups }) => (groups.length === 0 ? <Empty>{t('stuck.none')}</Empty> : byReason(groups).map((of) => <Reason key={of[0]?.reason} groups={of} />))}
      </Shown>
    </Page>
  );
}

/** In the order of the oldest, as the API gives them. */
function byReason(groups: readonly Group[]): Group[][] {
  const found = new Map<string, Group[]>();
  for (const group of groups) found.set(group.reason, [...(found.get(group.reason) ?? []), group]);
  return [...found.values()];
}

function Reason({ groups }: { groups: readonly Group[] }) {
  const [first] = groups;
  if (!first) return null;
  const { reason } = first;
  const sum = groups.reduce((all, { claims }) => all + claims, 0);
  return (
    <section class="stack-small" aria-labelledby={`reason-${reason}`}>
      <div class="row between">
        <h2 id={`reason-${reason}`}>{t(`reason.${reason}`)}</h2>
        <span class="numbers strong">{t('stuck.claims', { n: sum })}</span>
      </div>
      <ul class="list">
        {groups.map(({ key, label, claims, overdue, oldest }) => (
          <li class="linked" key={key}>
            <Link class="row between" href={`/app/operator/stuck/${reason}?key=${encodeURIComponent(key)}`}>
              <span class="grow">{key === '' ? t(`reason.${reason}`) : keyLabel(key, label)}</span>
              {overdue > 0 && <span class="tag bad">{t('stuck.overdue', { n: overdue })}</span>}
              <span class="muted small">{t('stuck.oldest', { time: ago(oldest) })}</span>
              <span class="numbers">{t('stuck.claims', { n: claims })}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Somebody calls with a number: its desk is one step away. */
function FindClaim() {
  const number = useSignal('');
  const fault = useSignal<string | undefined>(undefined);
  const open = (event: Event): void => {
    event.preventDefault();
    const typed = number.value.trim().toUpperCase();
    if (/^YB\d{8}-\d{8}$/.test(typed)) navigate(`/app/operator/claims/${typed}`);
    else fault.value = t('stuck.find.fault');
  };
  return (
    <form class="find" onSubmit={open}>
      <TextField
        label={t('stuck.find')}
        hint={t('stuck.find.hint')}
        fault={fault.value}
        value={number.value}
        onValue={(value) => {
          number.value = value;
          fault.value = undefined;
        }}
        maxLength={20}
        autoComplete="off"
      />
      <Button type="submit">{t('stuck.find.button')}</Button>
    </form>
  );
}
