import { isMainland, isSameCity } from '../bureau/region.ts';
import type { Day } from '../calendar.ts';
import { findMissing, type Circumstance, type ClaimKind, type DocumentKind } from '../claim/completeness.ts';
import { REASONS, type ReasonCode } from '../claim/reasons.ts';
import { inForce, type Rulebook, type Text } from './rulebook.ts';
import { allowancesOf, type Quantities } from './limits.ts';
import type { CostLine } from './lines.ts';
import { formatQuantity, quantityOf } from './quantity.ts';

/** What is the matter with a claim before the bureau sees it. A blocking one keeps the claim from being sent until it is mended, or a person overrules it (PIPL art. 24). */
export type Finding = {
  code: ReasonCode;
  /** the line or the document that it is about; the whole claim where both are absent */
  lineNo?: number;
  document?: DocumentKind;
  blocking: boolean;
  /** who can mend it; nobody: it is only said beforehand */
  mendedBy: 'employee' | 'hr' | 'nobody';
  text: Text;
  next: Text;
};

/** A claim as far as it can be looked at without anybody else. */
export type Reviewed = {
  kind: ClaimKind;
  insuredRegion: string;
  treatedRegion: string;
  circumstances: readonly Circumstance[];
  visit: { start: Day; end: Day };
  documents: readonly DocumentKind[];
  onFile: { identity: boolean; account: boolean };
  lines: readonly CostLine[];
  /** what was paid for in the year of items with a limit; nothing where it is absent */
  used?: Quantities;
  /** the day on which it is, or would be, submitted */
  today: Day;
};

/** Everything that can be known beforehand, in the order in which people mend it. */
export function review(claim: Reviewed, rulebook: Rulebook | undefined): Finding[] {
  return [...missingDocuments(claim, rulebook), ...times(claim, rulebook), ...otherPayers(claim), ...costs(claim), ...limits(claim, rulebook)];
}

function missingDocuments(
  { kind, insuredRegion, treatedRegion, circumstances, onFile, documents, visit }: Reviewed,
  rulebook: Rulebook | undefined,
): Finding[] {
  const crossRegion = !isSameCity(insuredRegion, treatedRegion);
  const situation = { kind, crossRegion, circumstances, onFile, byRulebook: rulebook ? documentsAskedBy(rulebook, kind, visit.start) : [] };
  return findMissing(situation, documents).map((document) => ({ ...finding('DOC_REQUIRED', 'employee'), document }));
}

/** What a rulebook asks for besides the documents of the kind. */
export function documentsAskedBy({ benefits }: Rulebook, kind: ClaimKind, day: Day): readonly DocumentKind[] {
  const benefit = benefits.find(({ kinds }) => kinds.includes(kind));
  return (benefit && inForce(benefit.documents, day))?.value.kinds ?? [];
}

function times({ visit, today }: Reviewed, rulebook: Rulebook | undefined): Finding[] {
  const findings: Finding[] = [];
  if (visit.start.slice(0, 4) !== visit.end.slice(0, 4)) findings.push(finding('SPANS_YEARS', 'employee'));
  const filing = rulebook && inForce(rulebook.filing, visit.start);
  if (filing && today > monthsLater(visit.end, filing.value.months)) findings.push(finding('LATE_FILING', 'hr'));
  return findings;
}

function otherPayers({ kind, circumstances, documents, treatedRegion }: Reviewed): Finding[] {
  const accident = kind === 'TRAUMA' || circumstances.includes('ACCIDENT');
  return [
    // whether somebody else is liable is for a person to read in the statement
    ...(accident && documents.includes('ACCIDENT_STATEMENT')
      ? [{ ...finding('THIRD_PARTY', 'hr'), document: 'ACCIDENT_STATEMENT' as const, blocking: false }]
      : []),
    ...(isMainland(treatedRegion) ? [] : [finding('TREATED_ABROAD', 'hr')]),
  ];
}

function costs({ lines }: Reviewed): Finding[] {
  return lines
    .filter(({ itemClass, outsideRestriction }) => itemClass === '03' || outsideRestriction)
    .map(({ lineNo }) => ({ ...finding('NOT_IN_CATALOGUE', 'nobody'), lineNo, blocking: false }));
}

function limits({ lines, visit, used = {} }: Reviewed, rulebook: Rulebook | undefined): Finding[] {
  const allowances = allowancesOf(lines, rulebook?.limits ?? [], { day: visit.start, used });
  return allowances.flatMap((allowance, index) => {
    const line = lines[index];
    if (!line || !allowance || allowance.quantity >= quantityOf(line.quantity)) return [];
    const paidFor = formatQuantity(allowance.quantity);
    const text = { zh: `${line.itemName}超限量限次：只支付 ${paidFor}`, en: `${line.itemName}: only ${paidFor} of it is paid for` };
    return [said('QUOTA_USED', line.lineNo, text, REASONS.QUOTA_USED.next)];
  });
}

/** Only said: it keeps nothing from being sent, and nobody has to mend it. */
export function said(code: ReasonCode, lineNo: number | undefined, text: Text, next: Text): Finding {
  return { code, ...(lineNo !== undefined && { lineNo }), blocking: false, mendedBy: 'nobody', text, next };
}

function finding(code: ReasonCode, mendedBy: Finding['mendedBy']): Finding {
  const { zh, en, next } = REASONS[code];
  return { code, blocking: true, mendedBy, text: { zh, en }, next };
}

/** The same day of the month `months` later; the last of that month where it has no such day. */
function monthsLater(day: Day, months: number): Day {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10);
}
