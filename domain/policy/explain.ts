import { REASONS } from '../claim/reasons.ts';
import { formatYuan, type Fen } from '../money.ts';
import type { Doubt } from './doubts.ts';
import type { Text } from './rulebook.ts';
import type { Deduction, NotCovered, Rule, SettledLine, Settlement } from './settle.ts';

const RULE_WORDS: Record<Rule, Text> = {
  catalogue: { zh: '目录外自费', en: 'not in the catalogue' },
  'price-limit': { zh: '超限价自费', en: 'above the highest price that is paid' },
  'pre-self-pay': { zh: '乙类先行自付', en: 'your part of class B items beforehand' },
  'restricted-use': { zh: '超限定支付范围', en: 'outside of what the drug is paid for' },
  'treatment-limit': { zh: '超限量限次', en: 'more than is paid for of the item' },
  deductible: { zh: '起付线', en: 'deductible' },
  ratio: { zh: '按比例自付', en: 'your share' },
  'annual-cap': { zh: '超年度限额', en: "above the year's limit" },
  'on-the-spot': { zh: '基金已在医院直接结算', en: 'paid by the funds at the hospital' },
};

const FUNDS = {
  bureau_fund: { zh: '医保统筹报销', en: 'paid by the pooled fund' },
  large_amount: { zh: '大额补助报销', en: 'paid by the large-amount fund' },
  employer_plan: { zh: '单位补充报销', en: "paid by the employer's plan" },
} as const satisfies Record<string, Text>;

const UNCOVERED: Record<NotCovered['why'], Text> = {
  TREATED_ABROAD: { zh: '境外（含港澳台）就医，医保不予支付，如有疑问由人工核定', en: 'Treated abroad, which the scheme does not pay for: a person decides' },
  NO_RULEBOOK: { zh: '没有适用于该参保地和险种的政策，需人工核定', en: 'There is no rulebook for this insured region and scheme: a person decides' },
  NOT_IN_FORCE: { zh: '就诊当日没有生效的政策，需人工核定', en: 'No rule was in force on the day of treatment: a person decides' },
  KIND_NOT_COVERED: { zh: '政策未涵盖该医疗类别，需人工核定', en: 'The rulebook does not cover this kind of treatment: a person decides' },
  CASE_NOT_COVERED: { zh: '政策未涵盖该人员或医院级别，需人工核定', en: 'The rulebook does not cover this person or grade of hospital: a person decides' },
  HOSPITAL_UNKNOWN: { zh: '定点名录中没有该医院，需人工核定', en: 'The directory of hospitals does not have this one: a person decides' },
  AGE_UNKNOWN: { zh: '人员年龄未知，无法测算金额', en: "The person's age is not known: the amount is not estimated" },
  PLAN_UNKNOWN: { zh: '单位的补充医疗计划不存在，需人工核定', en: "The unit's plan does not exist: a person decides" },
  SETTLEMENT_MIXED: {
    zh: '部分票据已在医院直接结算、部分未结算，需人工核定',
    en: 'Some invoices were settled at the hospital and others were not: a person decides',
  },
};

export type Explanation = Text & { steps: Text[]; unconfirmed: Text[] };

/** A settlement in words: `12 000.00 = 8 640.00 医保统筹报销 + 900.00 起付线 + …`, how the funds' part came about, and what no primary source confirms. */
export function explain(settlement: Settlement | NotCovered): Explanation {
  if (!settlement.covered) return { ...UNCOVERED[settlement.why], steps: [], unconfirmed: [] };
  const parts = [...settlement.funding.map(({ source, amountFen }) => ({ amountFen, text: FUNDS[source] })), ...settlement.deductions.map(asPart)];
  const atHospital = settlement.deductions.some(({ rule }) => rule === 'on-the-spot');
  return {
    ...equation(settlement.submittedFen, parts),
    steps: settlement.steps.map(({ costFen, bp, benefitFen }) => {
      const calculation = `${grouped(costFen)} × ${percent(bp)} = ${grouped(benefitFen)}`;
      const where = atHospital ? { zh: '，已在医院直接结算', en: ', paid at the hospital' } : { zh: '', en: '' };
      const less =
        settlement.lessBp > 0
          ? { zh: `（异地已下调 ${settlement.lessBp / 100} 个百分点）`, en: ` (${settlement.lessBp / 100} points less, treated elsewhere)` }
          : { zh: '', en: '' };
      return { zh: `${calculation}${less.zh}${where.zh}`, en: `${calculation}${less.en}${where.en}` };
    }),
    unconfirmed: settlement.doubts ? settlement.doubts.map((doubt) => DOUBT_WORDS[doubt]) : doubtful(settlement.deductions),
  };
}

/** One line of the fee list in words. */
export function explainLine({ submittedFen, benefitFen, deductions }: SettledLine): Text {
  const paid = benefitFen > 0 ? [{ amountFen: benefitFen, text: { zh: '报销', en: 'paid' } }] : [];
  return equation(submittedFen, [...paid, ...deductions.map(asPart)]);
}

type Part = { amountFen: Fen; text: Text };

const asPart = ({ rule, code, amountFen }: Deduction): Part => ({ amountFen, text: RULE_WORDS[rule] ?? { zh: REASONS[code].zh, en: REASONS[code].en } });

function equation(total: Fen, parts: readonly Part[]): Text {
  const whole = grouped(total);
  let [zh, en] = ['', ''];
  for (const { amountFen, text } of parts) {
    if (amountFen === 0) continue;
    const amount = `${zh === '' ? '=' : '+'} ${grouped(amountFen)}`;
    zh += ` ${amount} ${text.zh}`;
    en += ` ${amount} ${text.en}`;
  }
  return zh === '' ? { zh: `${whole} = 0.00`, en: `${whole} = 0.00` } : { zh: whole + zh, en: whole + en };
}

const DOUBT_WORDS: Record<Doubt, Text> = {
  catalogue: { zh: '目录', en: 'what the catalogue says of the items' },
  'treatment-limit': { zh: '限量限次', en: 'how much is paid for of an item' },
  deductible: RULE_WORDS.deductible,
  ratio: { zh: '报销比例', en: 'the ratio' },
  'cross-region': { zh: '异地就医规则', en: 'the rule for treatment elsewhere' },
  'annual-cap': { zh: '年度限额', en: "the year's limit" },
  'large-amount': { zh: '大额补助规则', en: 'the rule of the large-amount fund' },
  'employer-plan': { zh: '单位补充医疗计划', en: "the employer's plan" },
};

/** Of settlements that were stored without it: rules of a rulebook that took something away. */
const DOUBTED: ReadonlySet<Rule> = new Set(['treatment-limit', 'deductible', 'ratio', 'annual-cap']);

function doubtful(deductions: readonly Deduction[]): Text[] {
  const rules = new Set(deductions.filter(({ origin, rule }) => !origin.confirmed && DOUBTED.has(rule)).map(({ rule }) => rule));
  return [...rules].map((rule) => RULE_WORDS[rule]);
}

/** 1234567 fen → `12 345.67`, as people read sums. */
function grouped(amount: Fen): string {
  let text = formatYuan(amount);
  for (let at = text.length - '000.00'.length; at > 0; at -= 3) text = `${text.slice(0, at)} ${text.slice(at)}`;
  return text;
}

const percent = (bp: number): string => `${bp / 100}%`;
