import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { isSameCity } from '#domain/bureau/region.ts';
import { say } from '../../i18n/language.ts';
import { Button } from '../../ui/button.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { Fault } from '../../ui/states.tsx';
import { t } from '../words.ts';
import { change, isStay, needsDiagnosis, NO_INVOICE, settle, type Draft, type DraftInvoice, type DraftLine } from './draft.ts';
import { faultsOf } from './faults.ts';
import { FilingField } from './filing.tsx';
import { goTo } from './new-page.tsx';
import { fillIn } from './proposal.ts';
import { regionName } from './regions.ts';

/** What the documents say, to be checked by who knows better. Doubtful fields are marked, and are not any more once somebody has touched them. */
export function CheckStep({ draft, insuredRegion }: { draft: Draft; insuredRegion: string }) {
  const reading = useSignal<'reading' | 'done' | 'late' | 'failed'>('reading');
  const failure = useSignal<unknown>(undefined);
  const shown = useSignal(false);
  const read = async (signal: AbortSignal): Promise<void> => {
    reading.value = 'reading';
    try {
      reading.value = (await fillIn(signal)) ? 'done' : 'late';
    } catch (error) {
      if (signal.aborted) return;
      failure.value = error;
      reading.value = 'failed';
    }
  };
  useEffect(() => {
    const gone = new AbortController();
    void read(gone.signal);
    return () => gone.abort();
  }, []);

  const faults = faultsOf(draft, insuredRegion);
  const about = (path: string) => ({
    doubtful: draft.doubtful.includes(path),
    hint: draft.doubtful.includes(path) ? t('check.doubtful') : undefined,
    fault: shown.value ? faults[path] && t(faults[path]) : undefined,
  });
  const invoice = (index: number, patch: Partial<DraftInvoice>, field: string): void => {
    settle(`invoices.${index}.${field}`);
    change({ invoices: draft.invoices.map((one, at) => (at === index ? { ...one, ...patch } : one)) });
  };
  const line = (index: number, patch: Partial<DraftLine>, field: string): void => {
    settle(`lines.${index}.${field}`);
    change({ lines: draft.lines.map((one, at) => (at === index ? { ...one, ...patch } : one)) });
  };
  const go = (): void => {
    if (Object.keys(faults).length === 0) return goTo('confirm');
    shown.value = true;
    // the first field that is wrong, once it is marked
    setTimeout(() => document.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
  };

  if (reading.value === 'reading')
    return (
      <div class="card stack" role="status" aria-busy="true">
        <p class="strong">{t('check.reading')}</p>
        <progress class="wide" aria-label={t('check.reading')} />
        <p class="muted small">{t('check.reading.text')}</p>
        <Button onClick={() => void (reading.value = 'late')}>{t('check.by-hand')}</Button>
      </div>
    );
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
    >
      {reading.value === 'failed' && <Fault failure={failure.value} />}
      <p class={draft.doubtful.length > 0 ? 'notice warn' : 'notice'}>
        {t(draft.doubtful.length > 0 ? 'check.some-doubtful' : 'check.text', { n: draft.doubtful.length })}
      </p>
      <div class="card stack">
        <h2>{t('check.visit')}</h2>
        <TextField
          label={t('check.hospital')}
          value={draft.hospital.name}
          maxLength={100}
          {...about('hospital.name')}
          onValue={(name) => {
            settle('hospital.name');
            // another name is another hospital, of which nobody knows the code
            change({ hospital: { name, code: '', grade: '' } });
          }}
        />
        <TextField
          type="date"
          label={t(isStay(draft) ? 'check.from' : 'check.day')}
          value={draft.visit.start}
          {...about('visit.start')}
          onValue={(start) => {
            settle('visit.start');
            change({ visit: { start, end: !isStay(draft) || draft.visit.end === '' ? start : draft.visit.end } });
          }}
        />
        {isStay(draft) && (
          <TextField
            type="date"
            label={t('check.to')}
            value={draft.visit.end}
            {...about('visit.end')}
            onValue={(end) => {
              settle('visit.end');
              change({ visit: { ...draft.visit, end } });
            }}
          />
        )}
        {!isSameCity(draft.treatedRegion, insuredRegion) && (
          <>
            <p>{t('check.elsewhere', { region: say(regionName(draft.treatedRegion)) })}</p>
            <FilingField draft={draft} fault={shown.value && faults['filing'] ? t('check.filing') : undefined} />
          </>
        )}
        {needsDiagnosis(draft) && (
          <>
            <TextField
              label={t('check.diagnosis')}
              hint={t('check.diagnosis.hint')}
              value={draft.diagnosis.name}
              maxLength={200}
              fault={shown.value && faults['diagnosis.name'] ? t(faults['diagnosis.name']) : undefined}
              onValue={(name) => change({ diagnosis: { ...draft.diagnosis, name } })}
            />
            <TextField
              label={t('check.diagnosis-code')}
              optional
              value={draft.diagnosis.code}
              maxLength={30}
              onValue={(code) => change({ diagnosis: { ...draft.diagnosis, code } })}
            />
          </>
        )}
      </div>
      {draft.invoices.map((one, index) => (
        <div class="card stack" key={index}>
          <div class="row between">
            <h2>{t('check.invoice', { n: draft.invoices.length > 1 ? index + 1 : '' })}</h2>
            {draft.invoices.length > 1 && (
              <Button kind="plain" onClick={() => change({ invoices: draft.invoices.filter((_, at) => at !== index) })}>
                {t('picker.remove')}
              </Button>
            )}
          </div>
          <TextField
            label={t('check.amount')}
            inputMode="decimal"
            value={one.amount}
            {...about(`invoices.${index}.amount`)}
            onValue={(amount) => invoice(index, { amount }, 'amount')}
          />
          <TextField
            label={t('check.number')}
            value={one.number}
            maxLength={40}
            {...about(`invoices.${index}.number`)}
            onValue={(number) => invoice(index, { number }, 'number')}
          />
          <TextField
            label={t('check.code')}
            optional
            value={one.code}
            maxLength={40}
            {...about(`invoices.${index}.code`)}
            onValue={(code) => invoice(index, { code }, 'code')}
          />
          <TextField
            type="date"
            label={t('check.issued')}
            value={one.issuedOn}
            {...about(`invoices.${index}.issuedOn`)}
            onValue={(issuedOn) => invoice(index, { issuedOn }, 'issuedOn')}
          />
        </div>
      ))}
      <Button onClick={() => change({ invoices: [...draft.invoices, NO_INVOICE] })}>{t('check.another')}</Button>
      {draft.lines.length > 0 && (
        <details class="card" open={draft.doubtful.some((path) => path.startsWith('lines.')) || (shown.value && faults['lines'] !== undefined)}>
          <summary>{t('check.lines', { n: draft.lines.length })}</summary>
          {shown.value && faults['lines'] !== undefined && (
            <p class="notice bad" role="alert">
              {t(faults['lines'])}
            </p>
          )}
          <div class="stack">
            {draft.lines.map((one, index) => (
              <div class="stack-small" key={index}>
                <TextField
                  label={t('check.item', { n: index + 1 })}
                  value={one.itemName}
                  maxLength={200}
                  {...about(`lines.${index}.itemName`)}
                  onValue={(itemName) => line(index, { itemName }, 'itemName')}
                />
                <TextField
                  label={t('check.amount')}
                  inputMode="decimal"
                  value={one.amount}
                  {...about(`lines.${index}.amount`)}
                  onValue={(amount) => line(index, { amount, quantity: '1', unitPrice: amount }, 'amount')}
                />
                <SelectField
                  label={t('check.class')}
                  value={one.itemClass}
                  onValue={(itemClass) => line(index, { itemClass: itemClass === '01' || itemClass === '03' ? itemClass : '02' }, 'itemClass')}
                  options={(['01', '02', '03'] as const).map((code) => ({ value: code, label: t(`class.${code}`) }))}
                />
                <Button kind="plain" onClick={() => change({ lines: draft.lines.filter((_, at) => at !== index) })}>
                  {t('check.remove-line')}
                </Button>
              </div>
            ))}
          </div>
        </details>
      )}
      <Button kind="primary" wide type="submit">
        {t('new.next')}
      </Button>
    </form>
  );
}
