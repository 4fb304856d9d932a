import { isSameCity } from '../bureau/region.ts';
import type { Day } from '../calendar.ts';
import type { Circumstance, ClaimKind } from '../claim/completeness.ts';
import { REASONS } from '../claim/reasons.ts';
import { editionsFor, editionsOn, holdsOn, type Edition, type Period, type Versioned } from './edition.ts';
import { said, type Finding } from './pre-review.ts';
import type { HospitalGrade, HospitalTier, Text } from './rulebook.ts';

/** 定点医药机构: the hospitals and pharmacies that the fund of a region contracts with. Files lie in domain/rulebooks/hospitals/. */
export type HospitalList = Edition & {
  name: Text;
  /** by code */
  hospitals: ReadonlyMap<string, Hospital>;
  /** by each of their names, as `plainName` has it: a directory has thousands, and is asked for every claim */
  byName: ReadonlyMap<string, readonly Hospital[]>;
};

export type Hospital = {
  /** twelve characters (fixmedins_code) */
  code: string;
  /** the official name first; the others as invoices print them */
  names: readonly string[];
  region: string;
  grade: HospitalGrade;
  /** of grade 3 */
  tier?: HospitalTier;
  designated: readonly Period[];
};

export type HospitalFound = { found: true; hospital: Hospital; designated: boolean } | { found: false; complete: boolean };

/**
 * The hospital with `code`, else the one of this very name in the city of `region`. `complete`: whether a directory for the region has all there are, so that this one is not
 * designated.
 */
export function findHospital(
  lists: readonly Versioned<HospitalList>[],
  { code, name, region, day }: { code?: string; name?: string; region: string; day: Day },
): HospitalFound {
  const near = editionsFor(lists, region, day);
  const byCode = code === undefined ? undefined : firstWith(editionsOn(lists, day), code);
  const hospital = byCode ?? (name === undefined ? undefined : named(near, plainName(name), region));
  if (hospital) return { found: true, hospital, designated: hospital.designated.some((period) => holdsOn(period, day)) };
  return { found: false, complete: near.some(({ value }) => value.complete) };
}

function firstWith(lists: readonly Versioned<HospitalList>[], code: string): Hospital | undefined {
  for (const { value } of lists) {
    const hospital = value.hospitals.get(code);
    if (hospital) return hospital;
  }
  return undefined;
}

function named(lists: readonly Versioned<HospitalList>[], name: string, region: string): Hospital | undefined {
  for (const { value } of lists) {
    const hospital = value.byName.get(name)?.find((each) => isSameCity(each.region, region));
    if (hospital) return hospital;
  }
  return undefined;
}

/** Full-width letters and brackets, and spaces, are the printer's. */
export const plainName = (name: string): string => name.normalize('NFKC').replaceAll(/\s/g, '');

export type StatedHospital = { code?: string; name?: string; grade?: HospitalGrade; tier?: HospitalTier };

/**
 * What the engine needs to know of a hospital, from the directory where it is in one (it wins over what is stated, with a finding) and else as stated. Without a grade from
 * either nothing can be computed: NOT_DESIGNATED where a complete directory does not have it, GRADE_UNKNOWN where none answers.
 */
export function completeHospital(
  stated: StatedHospital,
  about: { hospitals: readonly Versioned<HospitalList>[]; treatedRegion: string; day: Day; kind: ClaimKind; circumstances: readonly Circumstance[] },
):
  | { ok: true; hospital: { grade: HospitalGrade; tier?: HospitalTier }; findings: Finding[] }
  | { ok: false; why: 'NOT_DESIGNATED' | 'GRADE_UNKNOWN'; findings: Finding[] } {
  const { code, name, grade, tier } = stated;
  const asStated = grade === undefined ? undefined : { grade, ...(tier && { tier }) };
  if (code === undefined && name === undefined) {
    return asStated ? { ok: true, hospital: asStated, findings: [] } : { ok: false, why: 'GRADE_UNKNOWN', findings: [] };
  }
  const answer = findHospital(about.hospitals, { ...stated, region: about.treatedRegion, day: about.day });
  if (answer.found) {
    const { hospital, designated } = answer;
    const knownTier = hospital.tier ?? tier;
    const known = { grade: hospital.grade, ...(knownTier && { tier: knownTier }) };
    return { ok: true, hospital: known, findings: [...(designated ? [] : [notDesignated(about)]), ...disagreements(hospital, stated, about.treatedRegion)] };
  }
  const findings = answer.complete ? [notDesignated(about)] : [];
  if (asStated) return { ok: true, hospital: asStated, findings };
  return { ok: false, why: answer.complete ? 'NOT_DESIGNATED' : 'GRADE_UNKNOWN', findings };
}

/** In an emergency people go where they are taken, so that it is only said then. */
function notDesignated({ kind, circumstances }: { kind: ClaimKind; circumstances: readonly Circumstance[] }): Finding {
  const emergency = kind === 'EMERGENCY' || circumstances.includes('EMERGENCY');
  const { zh, en, next } = REASONS.NOT_DESIGNATED_HOSPITAL;
  return { code: 'NOT_DESIGNATED_HOSPITAL', blocking: !emergency, mendedBy: 'hr', text: { zh, en }, next };
}

function disagreements(hospital: Hospital, { grade, tier }: StatedHospital, treatedRegion: string): Finding[] {
  const next = { zh: '请核对医院信息', en: 'Check the hospital' };
  const findings: Finding[] = [];
  if ((grade !== undefined && grade !== hospital.grade) || (tier !== undefined && hospital.tier !== undefined && tier !== hospital.tier)) {
    const text = { zh: '申报的医院级别与定点名录不一致：按名录计算', en: 'The grade stated is not that of the directory, which counts' };
    findings.push(said('DATA_ERROR', undefined, text, next));
  }
  if (!isSameCity(hospital.region, treatedRegion)) {
    findings.push(said('DATA_ERROR', undefined, { zh: '该医院不在申报的就医地', en: 'The hospital is not in the region of treatment stated' }, next));
  }
  return findings;
}
