import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { CLAIM_KINDS } from '#domain/claim/completeness.ts';
import { ApiFailure, post } from '../../client/api.ts';
import { session } from '../../client/session.ts';
import { say } from '../../i18n/language.ts';
import { Link, navigate } from '../../router.tsx';
import { Button } from '../../ui/button.tsx';
import { SelectField } from '../../ui/field.tsx';
import { Money } from '../../ui/money.tsx';
import { Bones, Fault } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import type { Claim, Employee, Estimate } from '../contract.ts';
import { EstimateCard } from '../estimate-card.tsx';
import { t } from '../words.ts';
import { change, dropDraft, needsDiagnosis, type Draft } from './draft.ts';
import { faultsOf, plainAmount, totalOf } from './faults.ts';
import { goTo } from './new-page.tsx';
import { linesOf } from './proposal.ts';
import { regionName } from './regions.ts';

/** Nobody tells us how old somebody is: the estimate says so. */
const AGE_IN_SERVICE = 40;
const AGE_RETIRED = 65;
/** Where nobody knows the hospital's code: the bureau knows it by its name. */
const UNKNOWN_HOSPITAL = 'UNKNOWN';
const UNKNOWN_DIAGNOSIS = 'UNKNOWN';

export function ConfirmStep({ draft, person }: { draft: Draft; person: Employee }) {
  const estimate = useSignal<Estimate | undefined>(undefined);
  const noEstimate = useSignal<unknown>(undefined);
  const failure = useSignal<unknown>(undefined);
  const total = totalOf(draft.invoices);
  const { kind } = draft;
  const complete = kind !== null && Object.keys(faultsOf(draft, person.insuredRegion)).length === 0;

  useEffect(() => {
    if (!complete) return goTo('check');
    const gone = new AbortController();
    noEstimate.value = undefined;
    post<Estimate>('/v1/estimates', estimateOf(draft, person, total), { signal: gone.signal }).then(
      (found) => void (estimate.value = found),
      (error: unknown) => void (noEstimate.value = gone.signal.aborted ? undefined : error),
    );
    return () => gone.abort();
  }, [draft.hospital.grade]);
  if (!complete) return null;

  async function submit(): Promise<void> {
    failure.value = undefined;
    const { again, key } = draft;
    const content = claimOf(draft, total);
    try {
      const claim = await (again === undefined
        ? post<Claim>('/v1/claims', { employeeNo: session.value?.employeeNo ?? '', ...content }, { key })
        : post<Claim>(`/v1/claims/${again}/resubmit`, content, { key }));
      leave(`/app/claims/${claim.number}`);
    } catch (error) {
      // an earlier try was taken in, its answer was lost, and the draft was changed since: the claim is there
      if (error instanceof ApiFailure && error.code === 'IDEMPOTENCY_KEY_REUSED') leave('/');
      else failure.value = error;
    }
  }

  function leave(to: string): void {
    dropDraft();
    toast(t('confirm.done'));
    navigate(to, { replace: true });
  }

  const consent = failure.value instanceof ApiFailure && failure.value.code === 'CONSENT_MISSING';
  return (
    <div class="stack">
      <dl class="card facts">
        <dt>{t('confirm.kind')}</dt>
        <dd>{say(CLAIM_KINDS[kind])}</dd>
        <dt>{t('check.hospital')}</dt>
        <dd>
          {draft.hospital.name} · {say(regionName(draft.treatedRegion))}
        </dd>
        <dt>{t('check.day')}</dt>
        <dd>{draft.visit.start === draft.visit.end ? draft.visit.start : `${draft.visit.start} – ${draft.visit.end}`}</dd>
        <dt>{t('confirm.documents')}</dt>
        <dd>{t('confirm.count', { n: draft.documents.length })}</dd>
        <dt>{t('confirm.total')}</dt>
        <dd>
          <Money yuan={total} strong />
        </dd>
      </dl>
      <SelectField
        label={t('confirm.grade')}
        value={draft.hospital.grade}
        onValue={(grade) => change({ hospital: { ...draft.hospital, grade: grade === '1' || grade === '2' ? grade : '3' } })}
        options={(['3', '2', '1'] as const).map((grade) => ({ value: grade, label: t(`grade.${grade}`) }))}
      />
      {estimate.value ? <EstimateCard estimate={estimate.value} /> : noEstimate.value === undefined ? <Bones /> : <p class="muted">{t('estimate.none')}</p>}
      {failure.value !== undefined &&
        (consent ? (
          <div class="notice warn" role="alert">
            <p>{t('confirm.consent')}</p>
            <Link class="button" href="/app/consent?then=new">
              {t('consent.go')}
            </Link>
          </div>
        ) : (
          <Fault failure={failure.value} />
        ))}
      <div class="sticky-actions">
        <Button kind="primary" wide onClick={submit}>
          {t('confirm.submit', { amount: total })}
        </Button>
      </div>
      <p class="muted small">{t('confirm.promise')}</p>
    </div>
  );
}

function claimOf(draft: Draft, total: string) {
  const { kind, treatedRegion, circumstances, hospital, visit, invoices, documents, diagnosis } = draft;
  const code = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(diagnosis.code.trim()) ? diagnosis.code.trim() : UNKNOWN_DIAGNOSIS;
  return {
    ...{ kind, circumstances, treatedRegion, visit },
    diagnoses: needsDiagnosis(draft) ? [{ code, name: diagnosis.name.trim() }] : [],
    hospital: { code: hospital.code === '' ? UNKNOWN_HOSPITAL : hospital.code, name: hospital.name.trim() },
    lines: linesOf(draft, t('confirm.one-line'), total).map((line) => ({ ...line, amount: plainAmount(line.amount), unitPrice: plainAmount(line.unitPrice) })),
    invoices: invoices.map((invoice) => ({ ...invoice, number: invoice.number.trim(), code: invoice.code.trim(), amount: plainAmount(invoice.amount) })),
    documents: documents.map(({ documentId, kind: of }) => ({ documentId, kind: of })),
  };
}

function estimateOf(draft: Draft, { insuredRegion, personType }: Employee, total: string) {
  const retired = personType === '12';
  return {
    ...{ insuredRegion, treatedRegion: draft.treatedRegion, kind: draft.kind, circumstances: draft.circumstances, visit: draft.visit },
    ...{ personType: retired ? '12' : '11', age: retired ? AGE_RETIRED : AGE_IN_SERVICE, hospital: { grade: draft.hospital.grade } },
    documents: [...new Set(draft.documents.map(({ kind }) => kind))],
    lines: linesOf(draft, t('confirm.one-line'), total).map(({ itemCode, itemName, itemClass, quantity, amount }) => ({
      itemCode,
      itemName,
      itemClass,
      quantity,
      amount: plainAmount(amount),
    })),
  };
}
