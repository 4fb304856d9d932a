import type { Locale } from '../locale.ts';
import type { Fen } from '../money.ts';
import type { ClaimKind, DocumentKind } from './completeness.ts';
import type { ClaimState } from './states.ts';

type Text = Record<Locale, string>;

/** By what a claim looks like another one. */
export const MATCH_KINDS = {
  SAME_INVOICE: { zh: '票据相同', en: 'The same invoice' },
  SAME_FILE: { zh: '文件相同', en: 'The same file' },
  SAME_VISIT: { zh: '就诊相同', en: 'The same visit' },
  NEAR_SAME: { zh: '人员、医院或日期、金额相近', en: 'The same person, about the same place or day, and amount' },
  SAME_PICTURE: { zh: '图片相似', en: 'A picture that was seen before' },
  SAME_ACCOUNT: { zh: '多人共用收款账户', en: 'One bank account under several people' },
} as const satisfies Record<string, Text>;
export type MatchKind = keyof typeof MATCH_KINDS;
export const MATCH_KIND_CODES = Object.keys(MATCH_KINDS) as MatchKind[];

/** What follows. BLOCK and HOLD stop the claim until HR has looked at it; a NOTE is shown and stops nothing. */
export const GRADES = {
  BLOCK: { zh: '重复报销的证据，须人工核实', en: 'Evidence of a duplicate: stopped until a person has looked' },
  HOLD: { zh: '疑似重复，须人工核实', en: 'Suspicious: stopped until a person has looked' },
  NOTE: { zh: '仅提示', en: 'For information' },
} as const satisfies Record<string, Text>;
export type Grade = keyof typeof GRADES;
export const GRADE_CODES = Object.keys(GRADES) as Grade[];

/** Why a match is graded as it is. */
export const MATCH_REASONS = {
  INVOICE: { zh: '同一张票据已用于另一申请', en: 'Another claim holds the same invoice' },
  FILE_OF_ANOTHER: { zh: '同一文件出现在他人的申请中', en: "The same file is part of another person's claim" },
  FILE_PAID: { zh: '同一票据文件已报销', en: 'The same invoice file has been paid for' },
  FILE_OPEN: { zh: '同一票据文件正在另一申请中办理', en: 'The same invoice file is part of a claim under way' },
  VISIT_NUMBER: { zh: '就诊号相同', en: 'The visit has the same number' },
  STAY: { zh: '同一医院、起止日期相同的住院', en: 'A stay in the same hospital from and to the same days' },
  SAME_DAY: { zh: '同日同院就诊，可能另有票据', en: 'The same hospital on the same day: there may be two invoices' },
  NEAR: { zh: '本人另有金额相近、时间或医院相同的申请', en: 'The person has a claim over about the same amount, at about the same time or place' },
  PICTURE_OF_ANOTHER: { zh: '相似图片出现在他人的申请中', en: "The picture looks like one of another person's claim" },
  PICTURE_OF_MANY: { zh: '多人有相似图片，可能是同一版式的票样', en: 'Several people have pictures like it: probably a form' },
  PICTURE_OWN: { zh: '票据图片与本人另一申请相似', en: "The invoice's picture looks like one of the person's other claims" },
  ACCOUNT: { zh: '收款账户也登记在他人名下', en: "Another person's record has the same account" },
} as const satisfies Record<string, Text>;
export type MatchReason = keyof typeof MATCH_REASONS;

export const stops = (grade: Grade): boolean => grade !== 'NOTE';

/** The claim that another one looks like. */
export type OtherClaim = { number: string; samePerson: boolean; state: ClaimState; paid: boolean };

/** What was found. `kinds`: as what the two claims have the paper. `people`: how many have a picture like it. */
export type Finding = { other: OtherClaim } & (
  | { by: 'invoice' }
  | { by: 'file'; kinds: readonly DocumentKind[] }
  | { by: 'visit-number' }
  | { by: 'visit'; kind: ClaimKind; numbersDiffer: boolean; sameHospital: boolean; sameDates: boolean; daysApart: number; amountFen: Fen; otherFen: Fen }
  | { by: 'picture'; kinds: readonly DocumentKind[]; people: number }
  | { by: 'account' }
);

export type Match = { other: string; kind: MatchKind; grade: Grade; reason: MatchReason };

/** More people than these have pictures like it: then it is a form, and not one paper. */
const PEOPLE_OF_ONE_PICTURE = 3;
/** At the same hospital. A prescription for a month comes back after more days than these. */
const NEAR_DAYS = 14;
/** What is recorded of one kind at most: the gravest first, then the newest. */
const MATCHES_OF_A_KIND = 10;

const STAYS: readonly ClaimKind[] = ['INPATIENT', 'TRAUMA', 'MATERNITY'];
const ENDED: readonly ClaimState[] = ['DENIED', 'WITHDRAWN', 'REVERSED'];
/** It ended unpaid: what it was over may be claimed again. */
const over = ({ state, paid }: OtherClaim): boolean => ENDED.includes(state) && !paid;

/** What the findings amount to. The same pair of claims has each kind once; a file that is the same is not a picture seen before as well. */
export function gradeMatches(findings: readonly Finding[]): Match[] {
  const matches = new Map<string, Match>();
  for (const finding of findings) {
    const graded = grade(finding);
    if (!graded) continue;
    const match = { other: finding.other.number, ...graded };
    const key = `${match.other} ${match.kind}`;
    const before = matches.get(key);
    if (!before || weight(match) > weight(before)) matches.set(key, match);
  }
  for (const { other, kind } of [...matches.values()]) if (kind === 'SAME_FILE') matches.delete(`${other} SAME_PICTURE`);
  const kinds = Map.groupBy(matches.values(), ({ kind }) => kind);
  return [...kinds.values()].flatMap((same) => same.toSorted((a, b) => weight(b) - weight(a) || (a.other < b.other ? 1 : -1)).slice(0, MATCHES_OF_A_KIND));
}

const weight = ({ grade: given }: Match): number => GRADE_CODES.length - GRADE_CODES.indexOf(given);

type Graded = Omit<Match, 'other'>;

function grade(finding: Finding): Graded | null {
  const { other } = finding;
  switch (finding.by) {
    case 'invoice':
      return { kind: 'SAME_INVOICE', grade: 'BLOCK', reason: 'INVOICE' };
    case 'file':
      return gradeFile(other, finding.kinds);
    case 'visit-number':
      return over(other) && other.samePerson ? null : { kind: 'SAME_VISIT', grade: 'HOLD', reason: 'VISIT_NUMBER' };
    case 'visit':
      return gradeVisit(finding);
    case 'picture':
      if (other.samePerson) return over(other) || !finding.kinds.includes('INVOICE') ? null : { kind: 'SAME_PICTURE', grade: 'NOTE', reason: 'PICTURE_OWN' };
      if (finding.people > PEOPLE_OF_ONE_PICTURE) return { kind: 'SAME_PICTURE', grade: 'NOTE', reason: 'PICTURE_OF_MANY' };
      return { kind: 'SAME_PICTURE', grade: 'HOLD', reason: 'PICTURE_OF_ANOTHER' };
    case 'account':
      return { kind: 'SAME_ACCOUNT', grade: 'NOTE', reason: 'ACCOUNT' };
  }
}

/** Of the own papers only the invoice stands for one claim: the list of fees, the record, the identity card may go with several. */
function gradeFile(other: OtherClaim, kinds: readonly DocumentKind[]): Graded | null {
  if (!other.samePerson) return { kind: 'SAME_FILE', grade: 'BLOCK', reason: 'FILE_OF_ANOTHER' };
  if (!kinds.includes('INVOICE') || over(other)) return null;
  return other.paid ? { kind: 'SAME_FILE', grade: 'BLOCK', reason: 'FILE_PAID' } : { kind: 'SAME_FILE', grade: 'HOLD', reason: 'FILE_OPEN' };
}

/** Of the same person. */
function gradeVisit(finding: Extract<Finding, { by: 'visit' }>): Graded | null {
  const { other, kind, numbersDiffer, sameHospital, sameDates, daysApart, amountFen, otherFen } = finding;
  if (over(other)) return null;
  const near = 100 * Math.abs(amountFen - otherFen) <= Math.max(amountFen, otherFen) && (daysApart <= 1 || (sameHospital && daysApart <= NEAR_DAYS));
  if (sameHospital && sameDates && !numbersDiffer) {
    if (STAYS.includes(kind)) return { kind: 'SAME_VISIT', grade: 'HOLD', reason: 'STAY' };
    return near ? { kind: 'NEAR_SAME', grade: 'NOTE', reason: 'NEAR' } : { kind: 'SAME_VISIT', grade: 'NOTE', reason: 'SAME_DAY' };
  }
  return near ? { kind: 'NEAR_SAME', grade: 'NOTE', reason: 'NEAR' } : null;
}

/** A hash is looked for by four bands of 16 bits: two that differ in three bits at most have one of them in common. */
export const PICTURE_DISTANCE = 3;
export const bandsOf = (hash: string): string[] => [0, 1, 2, 3].map((band) => `${band}:${hash.slice(4 * band, 4 * band + 4)}`);
