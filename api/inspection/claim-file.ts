import { reasonFor } from '#domain/claim/reasons.ts';
import { renderRemark } from '#domain/claim/remarks.ts';
import { formatYuan, type Fen } from '#domain/money.ts';
import type { InspectedClaim } from '#prisma/queries/inspection.ts';

/** What a pack says of a claim: what is stored, with the words for its codes in both languages. */
export function claimFile({ head, lines, invoices, documents, events, decisions, submissions, messages, payments }: InspectedClaim): string {
  const told = {
    claim: head,
    lines,
    invoices,
    documents,
    events: events.map((event) => ({ ...event, text: inBoth((locale) => renderRemark(event.remark, event.remarkParams, locale)) })),
    decisions: decisions.map((decision) => ({
      ...decision,
      reasons: decision.reasons.map((reason) => ({ ...reason, label: labelOf(reason.code) })),
      words: wordsOf(decision),
    })),
    bureau: { submissions, messages },
    payments,
  };
  return `${JSON.stringify(told, null, 1)}\n`;
}

export const SUMMARY_COLUMNS = [
  'number',
  'unit',
  'employee',
  'state',
  'created',
  'submitted (CNY)',
  'approved (CNY)',
  'paid (CNY)',
  'decisions',
  'reasons',
  'payments',
  'documents',
];

/** The claim as a line of the summary. */
export function summaryCells({ number, unitCode, head, decisions, payments, documents }: InspectedClaim): (string | number)[] {
  const yuan = (fen: number | null): string => (fen === null ? '' : formatYuan(fen as Fen));
  return [
    ...[number, unitCode, head.employeeNo, head.state, head.createdAt, yuan(head.submittedFen), yuan(head.approvedFen), yuan(head.paidFen), decisions.length],
    decisions.flatMap(({ reasons }) => reasons.map(({ code, text }) => (text === '' ? code : `${code} ${text}`))).join('; '),
    payments.map(({ reference }) => reference).join('; '),
    documents.length,
  ];
}

/** The codes that stand in the lines of a decision, with what they mean. */
function wordsOf({ lines }: InspectedClaim['decisions'][number]): Record<string, { zh: string; en: string } | null> {
  return Object.fromEntries(lines.flatMap(({ adjustments }) => adjustments.map(({ code }) => [code, labelOf(code)])));
}

function labelOf(code: string): { zh: string; en: string } | null {
  const reason = reasonFor(code);
  return reason ? { zh: reason.zh, en: reason.en } : null;
}

const inBoth = (render: (locale: 'zh' | 'en') => string): { zh: string; en: string } => ({ zh: render('zh'), en: render('en') });
