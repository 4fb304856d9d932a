import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { isSameCity } from '#domain/bureau/region.ts';
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

const GRADES = ['3', '2', '1', 'community'] as const;

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
    estimate.value = undefined;
    post<Estimate>(`/v1/employees/${encodeURIComponent(person.employeeNo)}/estimates`, estimateOf(draft, total), { signal: gone.signal }).then(
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

  // the one thing that nobody on our side knows; asked for where the directory does not answer, and kept in sight once it was
  const asksGrade = draft.hospital.grade !== '' || (noEstimate.value instanceof ApiFailure && noEstimate.value.code === 'HOSPITAL_UNKNOWN');
  const consent = failure.value instanceof ApiFailure && failure.value.code === 'CONSENT_MISSING';
  return (
    <div class="stack">
      <dl class="card facts">
        <dt>{t('confirm.kind')}</dt>
        <dd>{say(CLAIM_KINDS[kind])}</dd>
        <dt>{t('check.hospital')}</dt>
        <dd>
          {draft.hospital.name}
          {!isSameCity(draft.treatedRegion, person.insuredRegion) && ` · ${say(regionName(draft.treatedRegion))}`}
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
      {asksGrade && (
        <SelectField
          label={t('confirm.grade')}
          hint={t('confirm.grade.why')}
          value={draft.hospital.grade}
          onValue={(grade) => change({ hospital: { ...draft.hospital, grade: GRADES.find((one) => one === grade) ?? '' } })}
          options={[{ value: '', label: t('grade.choose') }, ...GRADES.map((grade) => ({ value: grade, label: t(`grade.${grade}`) }))]}
        />
      )}
      {estimate.value ? (
        <EstimateCard estimate={estimate.value} />
      ) : noEstimate.value === undefined ? (
        <Bones />
      ) : (
        <p class="muted">{t(asksGrade ? 'estimate.after-grade' : 'estimate.none')}</p>
      )}
      <div class="sticky-actions stack-small">
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
  const code = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(diagnosis.code.trim()) ? diagnosis.code.trim() : '';
  return {
    ...{ kind, circumstances, treatedRegion, visit },
    diagnoses: needsDiagnosis(draft) ? [{ code, name: diagnosis.name.trim() }] : [],
    hospital: { code: hospital.code, name: hospital.name.trim() },
    lines: linesOf(draft, t('confirm.one-line'), total).map((line) => ({ ...line, amount: plainAmount(line.amount), unitPrice: plainAmount(line.unitPrice) })),
    invoices: invoices.map((invoice) => ({ ...invoice, number: invoice.number.trim(), code: invoice.code.trim(), amount: plainAmount(invoice.amount) })),
    documents: documents.map(({ documentId, kind: of }) => ({ documentId, kind: of })),
  };
}

function estimateOf(draft: Draft, total: string) {
  const { hospital, treatedRegion, kind, circumstances, visit } = draft;
  return {
    ...{ treatedRegion, kind, circumstances, visit },
    hospital: { name: hospital.name.trim(), ...(hospital.code !== '' && { code: hospital.code }), ...(hospital.grade !== '' && { grade: hospital.grade }) },
    documents: [...new Set(draft.documents.map(({ kind: of }) => of))],
    lines: linesOf(draft, t('confirm.one-line'), total).map(({ itemCode, itemName, itemClass, quantity, amount }) => ({
      itemCode,
      itemName,
      itemClass,
      quantity,
      amount: plainAmount(amount),
    })),
  };
}
