import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Attached, Claim } from '#api/contract/claims.ts';
import { findWrittenFault } from '#domain/bureau/written-decision.ts';
import { DOCUMENT_KINDS } from '#domain/claim/completeness.ts';
import { formatYuan, parseYuan, sum } from '#domain/money.ts';
import { newKey, post } from '../client/api.ts';
import { reducePhoto } from '../client/photo.ts';
import { upload } from '../client/upload.ts';
import { say } from '../i18n/language.ts';
import { Button } from '../ui/button.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { groupDigits } from '../ui/money.tsx';
import { Fault } from '../ui/states.tsx';
import { t } from './words.ts';

/** A bureau's decision on paper, as the API takes it. */
export type Written = {
  documentId: string;
  decisionNo: string;
  outcome: (typeof OUTCOMES)[number];
  lines: { lineNo: number; benefit: string }[];
};
/** What is not right yet, by field. */
export type WrittenFault = { scan?: string; no?: string; lines?: string };
const OUTCOMES = ['APPROVED', 'PARTIALLY_APPROVED', 'DENIED'] as const;

export const emptyWritten: Written = { documentId: '', decisionNo: '', outcome: 'APPROVED', lines: [] };

/** Without what was typed around it. */
export const asSent = ({ decisionNo, lines, ...rest }: Written): Written => ({
  ...rest,
  decisionNo: decisionNo.trim(),
  lines: lines.map(({ lineNo, benefit }) => ({ lineNo, benefit: benefit.trim() })),
});

/** What the API would refuse it for, said beside the field; by the API's own rule. */
export function writtenFault({ documentId, decisionNo, outcome, lines }: Written, claim: Claim): WrittenFault {
  const amounts = claim.lines.flatMap(({ lineNo, amount }) => {
    const amountFen = parseYuan(amount);
    const benefitFen = parseYuan(lines.find((line) => line.lineNo === lineNo)?.benefit.trim() ?? '');
    return amountFen === undefined || benefitFen === undefined ? [] : [{ lineNo, amountFen, benefitFen }];
  });
  const fault = amounts.length < claim.lines.length ? 'AMOUNT_INVALID' : findWrittenFault({ outcome, lines: amounts }, amounts)?.fault;
  return {
    ...(documentId === '' && { scan: t('written.missing.document') }),
    ...(decisionNo.trim() === '' && { no: t('written.missing.no') }),
    ...(fault !== undefined && { lines: t(`written.fault.${fault}`) }),
  };
}

type FieldsProps = { claim: Claim; value: Written; onValue: (value: Written) => void; faults: WrittenFault };

export function WrittenFields({ claim, value, onValue, faults }: FieldsProps) {
  const added = useSignal<readonly Attached[] | undefined>(undefined);
  const benefitOf = (lineNo: number): string => value.lines.find((line) => line.lineNo === lineNo)?.benefit ?? '';
  const setBenefit = (lineNo: number, benefit: string): void => {
    onValue({ ...value, lines: claim.lines.map(({ lineNo: no }) => ({ lineNo: no, benefit: no === lineNo ? benefit : benefitOf(no) })) });
  };
  const documents = added.value ?? claim.documents;
  const scans = documents.map(({ documentId, kind, fileName }) => ({ value: documentId, label: `${say(DOCUMENT_KINDS[kind])} ${fileName ?? ''}` }));
  const granted = claim.lines.flatMap(({ lineNo }) => parseYuan(benefitOf(lineNo).trim()) ?? []);
  return (
    <div class="stack-small written">
      <SelectField
        label={t('written.document')}
        value={value.documentId}
        onValue={(documentId) => onValue({ ...value, documentId })}
        options={[{ value: '', label: '—' }, ...scans]}
        fault={faults.scan}
      />
      <AddScan
        number={claim.number}
        onAdded={(documentId, all) => {
          added.value = all;
          onValue({ ...value, documentId });
        }}
      />
      <TextField
        label={t('written.no')}
        value={value.decisionNo}
        onValue={(decisionNo) => onValue({ ...value, decisionNo })}
        maxLength={40}
        fault={faults.no}
        autoComplete="off"
      />
      <SelectField
        label={t('written.outcome')}
        value={value.outcome}
        onValue={(outcome) => onValue({ ...value, outcome: OUTCOMES.find((each) => each === outcome) ?? 'DENIED' })}
        options={OUTCOMES.map((each) => ({ value: each, label: t(`written.${each}`) }))}
      />
      {claim.lines.map(({ lineNo, itemName, amount }) => (
        <TextField
          key={lineNo}
          label={t('written.benefit', { n: lineNo, item: itemName, amount: groupDigits(amount) })}
          value={benefitOf(lineNo)}
          onValue={(benefit) => setBenefit(lineNo, benefit)}
          inputMode="decimal"
          autoComplete="off"
        />
      ))}
      {granted.length > 0 && (
        <p class="row between" role="status">
          <span>{t('written.sum')}</span>
          <strong class="numbers">
            {groupDigits(formatYuan(sum(granted)))} / {groupDigits(claim.submittedAmount)}
          </strong>
        </p>
      )}
      {faults.lines !== undefined && (
        <p class="notice bad" role="alert">
          {faults.lines}
        </p>
      )}
    </div>
  );
}

/** The letter itself, filed with the claim: both who enter it and who confirm it look at it. */
function AddScan({ number, onAdded }: { number: string; onAdded: (documentId: string, documents: readonly Attached[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const share = useSignal<number | undefined>(undefined);
  const failure = useSignal<unknown>(undefined);
  const take = async (file: File): Promise<void> => {
    failure.value = undefined;
    share.value = 0;
    try {
      const documentId = await upload(await reducePhoto(file), (part) => void (share.value = part)).done;
      const body = { documents: [{ documentId, kind: 'OTHER' }] };
      const { documents } = await post<{ documents: Attached[] }>(`/v1/claims/${number}/documents`, body, { key: newKey() });
      onAdded(documentId, documents);
    } catch (error) {
      failure.value = error;
    }
    share.value = undefined;
  };
  return (
    <>
      <input
        ref={input}
        class="unseen"
        tabIndex={-1}
        aria-hidden="true"
        type="file"
        accept="image/*,application/pdf,.pdf,.ofd,.heic"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          event.currentTarget.value = '';
          if (file) void take(file);
        }}
      />
      {share.value === undefined ? (
        <Button onClick={() => input.current?.click()}>{t('written.add')}</Button>
      ) : (
        <progress class="wide" max={1} value={share.value} aria-label={t('written.sending')} />
      )}
      {failure.value !== undefined && <Fault failure={failure.value} />}
    </>
  );
}
