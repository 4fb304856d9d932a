import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { SubstitutionJson } from '#api/contract/roles.ts';
import { newKey, post } from '../client/api.ts';
import { ofNothing, useResource } from '../client/resource.ts';
import { session } from '../client/session.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Page } from '../ui/page.tsx';
import { Fault, Shown } from '../ui/states.tsx';
import { formatDay } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import { PeopleField } from './people-field.tsx';
import { t } from './words.ts';

type Page_ = { items: SubstitutionJson[] };
const DAY_MS = 86_400_000;
/** Days are those of Shanghai: from the beginning of the first to the end of the last. */
const startOf = (day: string): Date => new Date(`${day}T00:00:00+08:00`);
const today = (): string => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
const lastDay = ({ validTo, endedAt }: SubstitutionJson): string => formatDay(new Date(Date.parse(endedAt ?? validTo) - 1).toISOString());
const inForce = ({ validTo, endedAt }: SubstitutionJson): boolean => endedAt === null && Date.parse(validTo) > Date.now();

/** 代理: who gets one's tasks meanwhile, and whose tasks one gets. */
export function SubstitutionPage() {
  const me = encodeURIComponent(session.value?.employeeNo ?? '');
  const mine = useResource<Page_>(`/v1/substitutions?absentNo=${me}`, ofNothing);
  const others = useResource<Page_>(`/v1/substitutions?substituteNo=${me}`, ofNothing);
  return (
    <Page title={t('substitution.title')} back="/app/manager">
      <p class="muted">{t('substitution.text')}</p>
      <NewSubstitution onAdded={mine.reload} />
      <section class="stack-small">
        <h2>{t('substitution.mine')}</h2>
        <Shown of={mine}>
          {({ items }) => {
            const current = items.filter(inForce);
            return current.length === 0 ? (
              <p class="muted">{t('substitution.none')}</p>
            ) : (
              <ul class="list">
                {current.map((one) => (
                  <Mine key={one.id} one={one} onEnded={mine.reload} />
                ))}
              </ul>
            );
          }}
        </Shown>
      </section>
      {others.value && others.value.items.some(inForce) && (
        <section class="stack-small">
          <h2>{t('substitution.others')}</h2>
          <ul class="list">
            {others.value.items.filter(inForce).map((one) => (
              <li key={one.id}>{t('substitution.others.row', { from: formatDay(one.validFrom), to: lastDay(one), no: one.absentNo })}</li>
            ))}
          </ul>
        </section>
      )}
    </Page>
  );
}

function NewSubstitution({ onAdded }: { onAdded: () => void }) {
  const who = useSignal('');
  const from = useSignal(today());
  const to = useSignal(today());
  const fault = useSignal<string | undefined>(undefined);
  const unnamed = useSignal<string | undefined>(undefined);
  /** the next one is looked for anew */
  const turn = useSignal(0);
  const failure = useSignal<unknown>(undefined);
  const key = useRef(newKey());
  const add = async (): Promise<void> => {
    fault.value = to.value < from.value ? t('substitution.dates') : undefined;
    unnamed.value = who.value === '' ? t('decide.people.missing') : undefined;
    if (fault.value !== undefined || unnamed.value !== undefined) return;
    failure.value = undefined;
    const validTo = new Date(startOf(to.value).getTime() + DAY_MS).toISOString();
    // today begins now: a period that began before would say that somebody acted who did not
    const validFrom = from.value <= today() ? {} : { validFrom: startOf(from.value).toISOString() };
    try {
      await post('/v1/substitutions', { substituteNo: who.value, ...validFrom, validTo }, { key: key.current });
    } catch (error) {
      failure.value = error;
      key.current = newKey();
      return;
    }
    key.current = newKey();
    who.value = '';
    turn.value += 1;
    toast(t('substitution.added'));
    onAdded();
  };
  return (
    <form class="card" onSubmit={(event) => event.preventDefault()}>
      {failure.value !== undefined && <Fault failure={failure.value} />}
      <PeopleField key={turn.value} label={t('substitution.who')} onNumbers={([first = '']) => void (who.value = first)} fault={unnamed.value} />
      <TextField type="date" label={t('substitution.from')} value={from.value} onValue={(day) => void (from.value = day)} min={today()} required />
      <TextField
        type="date"
        label={t('substitution.to')}
        value={to.value}
        onValue={(day) => void (to.value = day)}
        min={from.value}
        fault={fault.value}
        required
      />
      <Button kind="primary" wide type="submit" onClick={add}>
        {t('substitution.add')}
      </Button>
    </form>
  );
}

function Mine({ one, onEnded }: { one: SubstitutionJson; onEnded: () => void }) {
  const confirming = useSignal(false);
  const failure = useSignal<unknown>(undefined);
  const key = useRef(newKey());
  const end = async (): Promise<void> => {
    try {
      await post(`/v1/substitutions/${one.id}/end`, {}, { key: key.current });
      toast(t('substitution.ended'));
      onEnded();
    } catch (error) {
      failure.value = error;
    }
    confirming.value = false;
  };
  return (
    <li class="row between">
      <span>{t('substitution.mine.row', { from: formatDay(one.validFrom), to: lastDay(one), no: one.substituteNo })}</span>
      {failure.value !== undefined && <Fault failure={failure.value} />}
      <Button kind="danger" onClick={() => void (confirming.value = true)}>
        {t('substitution.end')}
      </Button>
      {confirming.value && (
        <Dialog title={t('substitution.end')} onClose={() => void (confirming.value = false)}>
          <p>{t('substitution.end.confirm')}</p>
          <Button kind="danger" wide onClick={end}>
            {t('substitution.end')}
          </Button>
        </Dialog>
      )}
    </li>
  );
}
