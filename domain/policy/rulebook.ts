import type { FundingSource } from '../bureau/decision.ts';
import type { Day } from '../calendar.ts';
import type { ClaimKind, DocumentKind } from '../claim/completeness.ts';
import type { Fen } from '../money.ts';

/**
 * A rulebook (待遇政策) is data: what one scheme pays of what kind of treatment, each value since when, from which source, when somebody last looked, and whether a primary
 * source confirms it. Files lie in domain/rulebooks/, one for each insured city and scheme; the engine (settle.ts) knows no city.
 */
export type Rulebook = {
  /** region and scheme: `130100-310` */
  id: string;
  /** the first digits of insured regions that it is for: `1301` */
  insuredRegions: readonly string[];
  /** insutype: 310 employees, 390 residents */
  scheme: string;
  name: Text;
  benefits: readonly Benefit[];
  crossRegion: Dated<CrossRegion>;
  /** how long after the end of a treatment it may be claimed */
  filing: Dated<{ months: number }>;
  limits: readonly TreatmentLimit[];
};

export type Text = { zh: string; en: string };

/** Values in the order in which they came into force; each counts until the next. */
export type Dated<Value> = readonly Entry<Value>[];
export type Entry<Value> = {
  from: Day;
  value: Value;
  /** the document, or where it was read */
  source: string;
  /** when somebody last compared it with the source */
  checked: Day;
  /** false: no primary source was found */
  confirmed: boolean;
};

/** 11 in service, 12 retired (psn_type) */
export type PersonType = '11' | '12';
/** hosp_lv; `community` is a community health centre */
export type HospitalGrade = 'community' | '1' | '2' | '3';
/** who runs a hospital of the third grade: what an insured city may ask besides its grade */
export type HospitalTier = 'municipal' | 'provincial';

/** For whom and where a row of a table holds; what is left out holds for all. */
export type When = {
  personType?: PersonType;
  grades?: readonly HospitalGrade[];
  tier?: HospitalTier;
  /** years of age on the first day of treatment */
  ageFrom?: number;
  ageBelow?: number;
  stay?: 'first' | 'later';
};
export type Table<Row> = readonly (Row & { when: When })[];

/** A part of the costs in scope, from `overFen` (the deductible counted in) to the next one. Nothing is paid where the ratio is 0. */
export type Segment = { overFen: Fen; bp: number; fund: Exclude<FundingSource, 'employer_plan'> };

/** What one group of kinds is paid. */
export type Benefit = {
  kinds: readonly ClaimKind[];
  /** 起付线: of each stay, or once in a calendar year */
  deductible: Dated<{ per: 'stay' | 'year'; table: Table<{ fen: Fen }> }>;
  ratio: Dated<{ table: Table<{ segments: readonly Segment[] }> }>;
  /** 封顶线: what the pooled fund pays in a calendar year at most; what is above goes to the large-amount fund where there is one */
  cap: Dated<{ table: Table<{ fen: Fen }> }>;
  /** 大额医疗费用补助 */
  largeAmount: Dated<{ bp: number; capFen: Fen }>;
  /** what is needed besides the documents of the kind */
  documents: Dated<{ kinds: readonly DocumentKind[] }>;
};

/** 限量限次: how much of some items is paid for, all of them counted together, in ten-thousandths. What is left out has no limit. */
export type TreatmentLimit = {
  id: string;
  name: Text;
  itemCodes: readonly string[];
  /** of one visit or stay, and of one person in a calendar year */
  allowed: Dated<{ perVisit?: number; perYear?: number }>;
};

/** 异地就医: points that the ratios lose when treated outside of the insured city. */
export type CrossRegion = {
  /** the first digits of regions where treatment counts as filed: `11`, `12`, `13` */
  countsAsFiled: readonly string[];
  lessBp: { filed: number; emergency: number; longTermResident: number; unfiled: number };
  /** whose catalogue counts: settled on the spot, or claimed afterwards */
  catalogue: { direct: 'treated' | 'insured'; manual: 'treated' | 'insured' };
};

/** 补充医疗: what the employer pays on top, data of the same kind. */
export type EmployerPlan = {
  id: string;
  name: Text;
  benefits: readonly {
    kinds: readonly ClaimKind[];
    /** raises what is paid of the costs in scope above the deductible to this ratio */
    raise: Dated<{ toBp: number }>;
    /** of one person in a calendar year */
    quota: Dated<{ fen: Fen }>;
  }[];
  /** items that it does not pay for, by their codes */
  excludes: Dated<{ itemCodes: readonly string[] }>;
};

/** The entry in force on `day`; undefined before the first. */
export function inForce<Value>(entries: Dated<Value>, day: Day): Entry<Value> | undefined {
  return entries.findLast(({ from }) => from <= day);
}

/** Who is treated, and where: what tables are asked with. */
export type Case = { personType: PersonType; grade: HospitalGrade; tier: HospitalTier; age: number; stay: 'first' | 'later' };

export function holds(when: When, { personType, grade, tier, age, stay }: Case): boolean {
  return (
    (when.personType === undefined || when.personType === personType) &&
    (when.grades === undefined || when.grades.includes(grade)) &&
    (when.tier === undefined || grade !== '3' || when.tier === tier) &&
    (when.ageFrom === undefined || age >= when.ageFrom) &&
    (when.ageBelow === undefined || age < when.ageBelow) &&
    (when.stay === undefined || when.stay === stay)
  );
}

/** The first row that holds; a checked rulebook has exactly one for every case. */
export function rowFor<Row>(table: Table<Row>, about: Case): (Row & { when: When }) | undefined {
  return table.find(({ when }) => holds(when, about));
}

/** Whether `rulebook` is for this insured region and scheme. */
export function isFor(rulebook: Pick<Rulebook, 'insuredRegions' | 'scheme'>, { insuredRegion, scheme }: { insuredRegion: string; scheme: string }): boolean {
  return rulebook.scheme === scheme && rulebook.insuredRegions.some((digits) => insuredRegion.startsWith(digits));
}
