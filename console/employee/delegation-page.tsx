import { useSignal } from '@preact/signals';
import { newKey, post } from '../client/api.ts';
import { ofNothing, useResource } from '../client/resource.ts';
import { session } from '../client/session.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { Page } from '../ui/page.tsx';
import { Fault, Shown } from '../ui/states.tsx';
import { formatDay } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import type { Substitution } from './contract.ts';
import { t } from './words.ts';

/** 代理: who decides for the reader while away, and for whom the reader does. Days are whole days of Shanghai. */
export function DelegationPage() {
  const me = session.value?.employeeNo ?? '';
  const list = useResource<{ items: Substitution[] }>('/v1/substitutions?current=true', ofNothing);
  const who = useSignal('');
  const until = useSignal('');
  const shown = useSignal(false);
  const failure = useSignal<unknown>(undefined);
  const key = useSignal(newKey());

  async function act(work: () => Promise<unknown>, done: string): Promise<void> {
    failure.value = undefined;
    try {
      await work();
      toast(done);
      list.reload();
    } catch (error) {
      failure.value = error;
    }
  }
  async function make(): Promise<void> {
    shown.value = true;
    if (who.value.trim() === '' || until.value === '') return;
    await act(
      () => post('/v1/substitutions', { substituteNo: who.value.trim(), validTo: `${until.value}T23:59:59+08:00` }, { key: key.value }),
      t('delegation.made'),
    );
    key.value = newKey();
  }
  const end = (id: string): Promise<void> => act(() => post(`/v1/substitutions/${id}/end`, {}, { key: newKey() }), t('delegation.ended'));

  return (
    <Page title={t('delegation.title')} back="/app/me">
      <p>{t('delegation.text')}</p>
      {failure.value !== undefined && <Fault failure={failure.value} />}
      <Shown of={list}>
        {({ items }) => {
          const mine = items.filter(({ absentNo, substituteNo }) => absentNo === me || substituteNo === me);
          return mine.length === 0 ? (
            <p class="muted">{t('delegation.none')}</p>
          ) : (
            <ul class="list">
              {mine.map(({ id, absentNo, substituteNo, validTo }) => (
                <li key={id} class="row between">
                  <span class="grow">
                    {absentNo === me ? t('delegation.by', { who: substituteNo }) : t('delegation.for', { who: absentNo })}
                    <span class="muted small"> {t('delegation.to', { date: formatDay(validTo) })}</span>
                  </span>
                  {absentNo === me && (
                    <Button aria-label={t('delegation.end-of', { who: substituteNo })} onClick={() => end(id)}>
                      {t('delegation.end')}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          );
        }}
      </Shown>
      <div class="card stack">
        <h2>{t('delegation.new')}</h2>
        <TextField
          label={t('delegation.who')}
          hint={t('delegation.who.hint')}
          maxLength={40}
          value={who.value}
          fault={shown.value && who.value.trim() === '' ? t('fault.missing') : undefined}
          onValue={(value) => void (who.value = value)}
        />
        <TextField
          type="date"
          label={t('delegation.until')}
          value={until.value}
          fault={shown.value && until.value === '' ? t('fault.missing') : undefined}
          onValue={(value) => void (until.value = value)}
        />
        <Button kind="primary" wide onClick={make}>
          {t('delegation.make')}
        </Button>
      </div>
    </Page>
  );
}
