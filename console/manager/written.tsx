import type { Claim } from '#api/contract/claims.ts';
import { DOCUMENT_KINDS } from '#domain/claim/completeness.ts';
import { say } from '../i18n/language.ts';
import { SelectField, TextField } from '../ui/field.tsx';
import { t } from './words.ts';

/** A bureau's decision on paper, as the API takes it; empty texts are refused there, with words. */
export type Written = {
  documentId: string;
  decisionNo: string;
  outcome: (typeof OUTCOMES)[number];
  lines: { lineNo: number; benefit: string }[];
};
const OUTCOMES = ['APPROVED', 'PARTIALLY_APPROVED', 'DENIED'] as const;

export const emptyWritten: Written = { documentId: '', decisionNo: '', outcome: 'APPROVED', lines: [] };

export function WrittenFields({ claim, value, onValue }: { claim: Claim; value: Written; onValue: (value: Written) => void }) {
  const benefitOf = (lineNo: number): string => value.lines.find((line) => line.lineNo === lineNo)?.benefit ?? '';
  const setBenefit = (lineNo: number, benefit: string): void => {
    onValue({ ...value, lines: claim.lines.map(({ lineNo: no }) => ({ lineNo: no, benefit: no === lineNo ? benefit : benefitOf(no) })) });
  };
  const scans = claim.documents.map(({ documentId, kind, fileName }) => ({ value: documentId, label: `${say(DOCUMENT_KINDS[kind])} ${fileName ?? ''}` }));
  return (
    <>
      <SelectField
        label={t('written.document')}
        value={value.documentId}
        onValue={(documentId) => onValue({ ...value, documentId })}
        options={[{ value: '', label: scans.length === 0 ? t('written.none') : '—' }, ...scans]}
      />
      <TextField label={t('written.no')} value={value.decisionNo} onValue={(decisionNo) => onValue({ ...value, decisionNo })} maxLength={40} />
      <SelectField
        label={t('written.outcome')}
        value={value.outcome}
        onValue={(outcome) => onValue({ ...value, outcome: OUTCOMES.find((each) => each === outcome) ?? 'DENIED' })}
        options={OUTCOMES.map((each) => ({ value: each, label: t(`written.${each}`) }))}
      />
      {claim.lines.map(({ lineNo, itemName, amount }) => (
        <TextField
          key={lineNo}
          label={t('written.benefit', { n: lineNo, item: itemName, amount })}
          value={benefitOf(lineNo)}
          onValue={(benefit) => setBenefit(lineNo, benefit)}
          inputMode="decimal"
        />
      ))}
    </>
  );
}
