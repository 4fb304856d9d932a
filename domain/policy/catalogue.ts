import type { Day } from '../calendar.ts';
import type { Circumstance, ClaimKind } from '../claim/completeness.ts';
import { formatYuan, type Fen } from '../money.ts';
import { citation, editionsFor, holdsOn, type Edition, type Period, type Versioned } from './edition.ts';
import type { CostLine, ItemClass } from './lines.ts';
import { said, type Finding } from './pre-review.ts';
import { inForce, type HospitalGrade, type Rulebook, type Text } from './rulebook.ts';

/** 医保目录: what the scheme of a region knows of drugs, services or materials. Files lie in domain/rulebooks/catalogues/. */
export type Catalogue = Edition & {
  list: CatalogueList;
  name: Text;
  /** the beginnings of the item codes that it is about, so that an unknown code can be said to be missing: `X`, `Z` */
  codes: readonly string[];
  /** by item code; several where an item had other terms before */
  items: ReadonlyMap<string, readonly CatalogueItem[]>;
};
export const CATALOGUE_LISTS = ['drugs', 'items', 'materials'] as const;
export type CatalogueList = (typeof CATALOGUE_LISTS)[number];

export type CatalogueItem = Period & {
  code: string;
  name: string;
  itemClass: ItemClass;
  /** of an item of class 乙 */
  preSelfPayBp?: number;
  /** the highest price of one that is paid; what a line states counts where this is absent */
  priceLimitFen?: Fen;
  restricted?: Restriction;
};

/** 限定支付范围: what an item is paid for alone. `text` is what the catalogue says; the rest is of it what can be checked. */
export type Restriction = {
  text: string;
  /** one of these kinds, or one of these circumstances */
  kinds?: readonly ClaimKind[];
  circumstances?: readonly Circumstance[];
  /** and a hospital of one of these grades */
  grades?: readonly HospitalGrade[];
};

/** A line of a fee list before a catalogue was asked. */
export type StatedLine = Omit<CostLine, 'itemClass' | 'catalogue'> & { itemClass?: ItemClass };

/** Settled on the spot by the hospital, or claimed afterwards. */
export type SettlementMode = 'direct' | 'manual';

export type CatalogueQuestion = {
  catalogues: readonly Versioned<Catalogue>[];
  /** says whose catalogue counts; that of the region of treatment where no rulebook answers */
  rulebook: Rulebook | undefined;
  treatedRegion: string;
  insuredRegion: string;
  settlement: SettlementMode;
  /** the first day of treatment */
  day: Day;
  kind: ClaimKind;
  circumstances: readonly Circumstance[];
  /** undefined where it is not known: what depends on it is then said, not decided */
  grade: HospitalGrade | undefined;
};

/**
 * Completes lines from the catalogue that counts: class, ratio, price limit and restriction. What the catalogue says wins over what a line states, with a finding where they
 * differ; where it says nothing the line's own word counts. `unclassified`: numbers of the lines whose class neither knows.
 */
export function completeLines(
  lines: readonly StatedLine[],
  question: CatalogueQuestion,
): { ok: true; lines: CostLine[]; findings: Finding[] } | { ok: false; unclassified: number[] } {
  const editions = editionsFor(question.catalogues, catalogueRegion(question), question.day);
  const completed: CostLine[] = [];
  const findings: Finding[] = [];
  const unclassified: number[] = [];
  for (const line of lines) {
    const answer = askCatalogues(editions, line.itemCode, question.day);
    const { itemClass } = line;
    if (answer && answer.knows !== 'nothing') completed.push(completedBy(answer, line, question, findings));
    else if (itemClass === undefined) unclassified.push(line.lineNo);
    else {
      completed.push({ ...line, itemClass });
      if (answer) findings.push(notInExtract(line.lineNo, answer.edition));
    }
  }
  return unclassified.length > 0 ? { ok: false, unclassified } : { ok: true, lines: completed, findings };
}

function catalogueRegion({ rulebook, day, settlement, treatedRegion, insuredRegion }: CatalogueQuestion): string {
  const rules = rulebook && inForce(rulebook.crossRegion, day);
  return rules?.value.catalogue[settlement] === 'insured' ? insuredRegion : treatedRegion;
}

type Answer = { edition: Versioned<Catalogue> } & ({ knows: 'item'; item: CatalogueItem } | { knows: 'absence' } | { knows: 'nothing' });

/** The nearest list that knows the item on the day. Else it is not there where a list is complete, or knows it on other days alone; else an extract is about such codes. */
function askCatalogues(editions: readonly Versioned<Catalogue>[], code: string, day: Day): Answer | undefined {
  let answer: Answer | undefined;
  for (const edition of editions) {
    const { codes, items, complete } = edition.value;
    if (!codes.some((beginning) => code.startsWith(beginning))) continue;
    const entries = items.get(code);
    const item = entries?.find((entry) => holdsOn(entry, day));
    if (item) return { edition, knows: 'item', item };
    if (complete) return { edition, knows: 'absence' };
    if (entries && answer?.knows !== 'absence') answer = { edition, knows: 'absence' };
    answer ??= { edition, knows: 'nothing' };
  }
  return answer;
}

function completedBy(answer: Exclude<Answer, { knows: 'nothing' }>, line: StatedLine, question: CatalogueQuestion, findings: Finding[]): CostLine {
  const { edition } = answer;
  const catalogue = { source: citation(edition), confirmed: edition.value.confirmed, hasLimit: false };
  const { itemClass: statedClass, preSelfPayBp: statedBp, ...stated } = line;
  if (answer.knows === 'absence') {
    if (statedClass !== undefined && statedClass !== '03') findings.push(differs(line.lineNo, edition, [[CLASS_WORDS[statedClass], CLASS_WORDS.none]]));
    return { ...stated, itemClass: '03', catalogue };
  }
  const { itemClass, preSelfPayBp, priceLimitFen, restricted } = answer.item;
  const differences: [Text, Text][] = [];
  if (statedClass !== undefined && statedClass !== itemClass) differences.push([CLASS_WORDS[statedClass], CLASS_WORDS[itemClass]]);
  if (statedBp !== undefined && itemClass === '02' && statedBp !== preSelfPayBp) differences.push([percentWords(statedBp), percentWords(preSelfPayBp ?? 0)]);
  if (stated.priceLimitFen !== undefined && priceLimitFen !== undefined && stated.priceLimitFen !== priceLimitFen)
    differences.push([limitWords(stated.priceLimitFen), limitWords(priceLimitFen)]);
  if (differences.length > 0) findings.push(differs(line.lineNo, edition, differences));
  const within = restricted && isWithin(restricted, question);
  // what the catalogue leaves out altogether needs no word on when it would be paid
  if (restricted && within !== true && itemClass !== '03') findings.push(restrictedTo(line.lineNo, restricted, edition));
  return {
    ...{ ...stated, itemClass, catalogue: { ...catalogue, hasLimit: priceLimitFen !== undefined } },
    ...(preSelfPayBp !== undefined && { preSelfPayBp }),
    ...(priceLimitFen !== undefined && { priceLimitFen }),
    ...((stated.outsideRestriction || within === false) && { outsideRestriction: true }),
  };
}

/** undefined where the restriction says what nothing that we know can check. */
function isWithin({ kinds, circumstances, grades }: Restriction, { kind, circumstances: declared, grade }: CatalogueQuestion): boolean | undefined {
  const occasions = kinds !== undefined || circumstances !== undefined;
  if (occasions && !kinds?.includes(kind) && !circumstances?.some((each) => declared.includes(each))) return false;
  if (grades && grade !== undefined && !grades.includes(grade)) return false;
  return (occasions || grades !== undefined) && (grades === undefined || grade !== undefined) ? true : undefined;
}

const CLASS_WORDS = {
  '01': { zh: '甲类', en: 'class 甲' },
  '02': { zh: '乙类', en: 'class 乙' },
  '03': { zh: '丙类（目录外）', en: 'class 丙 (not covered)' },
  none: { zh: '目录无此项', en: 'it does not have the item' },
} as const satisfies Record<ItemClass | 'none', Text>;
const percentWords = (bp: number): Text => ({ zh: `先行自付 ${bp / 100}%`, en: `${bp / 100}% beforehand` });
const limitWords = (limit: Fen): Text => ({ zh: `支付限价 ${formatYuan(limit)}`, en: `at most ${formatYuan(limit)} each` });

const CHECK: Text = { zh: '请核对费用清单', en: 'Compare it with the list of fees' };

function differs(lineNo: number, edition: Versioned<Catalogue>, differences: readonly (readonly [Text, Text])[]): Finding {
  const words = (language: keyof Text): [string, string] => [
    differences.map(([a]) => a[language]).join('、'),
    differences.map(([, b]) => b[language]).join('、'),
  ];
  const [[statedZh, saysZh], [statedEn, saysEn]] = [words('zh'), words('en')];
  const { zh, en } = edition.value.name;
  return said(
    'DATA_ERROR',
    lineNo,
    { zh: `申报为${statedZh}，${zh}为${saysZh}：按目录计算`, en: `Stated: ${statedEn}. ${en}: ${saysEn}, and that counts` },
    CHECK,
  );
}

function notInExtract(lineNo: number, edition: Versioned<Catalogue>): Finding {
  const { zh, en } = edition.value.name;
  return said(
    'DATA_ERROR',
    lineNo,
    { zh: `${zh}（摘录）未收录该项：按申报内容计算`, en: `${en} is an extract without this item: what the line states counts` },
    CHECK,
  );
}

function restrictedTo(lineNo: number, { text }: Restriction, edition: Versioned<Catalogue>): Finding {
  const { zh, en } = edition.value.name;
  const next = { zh: '请确认用途符合限定支付范围，范围外由个人承担', en: 'Make sure that it was used for that; otherwise you bear it' };
  return said('NOT_IN_CATALOGUE', lineNo, { zh: `${zh}限定支付范围：${text}`, en: `${en} pays for it only within its restriction: ${text}` }, next);
}
