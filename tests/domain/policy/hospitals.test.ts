import { describe, expect, test } from 'vitest';
import { completeHospital, findHospital, type StatedHospital } from '#domain/policy/hospitals.ts';
import { hospitalFaults, hospitalList } from './lists.ts';

const FIRST = {
  code: 'H13010200001',
  names: ['石家庄市第一医院', '市一院'],
  region: '130102',
  grade: '3',
  tier: 'municipal',
  designated: [{ from: '2020-01-01' }],
};
const PAUSED = {
  ...{ code: 'H13010200002', names: ['康宁医院'], region: '130102', grade: '2' },
  designated: [{ to: '2025-06-30' }, { from: '2026-01-01', to: '2026-12-31' }],
};
const ELSEWHERE = { code: 'H11010100001', names: ['北京协和医院'], region: '110101', grade: '3', tier: 'provincial', designated: [{}] };
const extract = hospitalList([FIRST, PAUSED]);
const beijing = hospitalList([ELSEWHERE], { id: '110000-hospitals', region: '110000' });
const whole = hospitalList([FIRST, PAUSED], { complete: true });
const about = { treatedRegion: '130102', day: '2026-03-02', kind: 'INPATIENT' as const, circumstances: [] };

describe('a hospital is found', () => {
  const find = (by: { code?: string; name?: string; region?: string; day?: string }) =>
    findHospital([extract, beijing], { region: '130100', day: '2026-03-02', ...by });

  test('by its code anywhere, else by its very name in the city, however it is printed', () => {
    expect(find({ code: FIRST.code })).toMatchObject({ found: true, designated: true, hospital: { grade: '3', tier: 'municipal' } });
    expect(find({ code: ELSEWHERE.code })).toMatchObject({ found: true, hospital: { code: ELSEWHERE.code } });
    expect(find({ name: '市 一院' })).toMatchObject({ found: true, hospital: { code: FIRST.code } });
    expect(find({ code: 'H13010299999', name: '市一院' })).toMatchObject({ found: true });
    expect(find({ name: '北京协和医院' })).toEqual({ found: false, complete: false });
    expect(find({ name: '第一医院' })).toEqual({ found: false, complete: false });
  });

  test('designated from and to the days that the directory says', () => {
    const on = (day: string) => find({ code: PAUSED.code, day });
    expect(['2025-06-30', '2025-07-01', '2025-12-31', '2026-01-01', '2027-01-01'].map((day) => on(day))).toMatchObject(
      [true, false, false, true, false].map((designated) => ({ found: true, designated })),
    );
  });
});

describe('what the engine is told', () => {
  const complete = (stated: StatedHospital, lists = [extract], more: Partial<typeof about> = {}) => {
    const result = completeHospital(stated, { ...about, ...more, hospitals: lists });
    return { ...result, findings: result.findings.map(({ code, blocking }) => `${code} ${blocking}`) };
  };

  test('the directory wins over what is stated, and the difference is said', () => {
    expect(complete({ code: FIRST.code, grade: '2' })).toEqual({ ok: true, hospital: { grade: '3', tier: 'municipal' }, findings: ['DATA_ERROR false'] });
    expect(complete({ code: FIRST.code })).toEqual({ ok: true, hospital: { grade: '3', tier: 'municipal' }, findings: [] });
    expect(complete({ grade: '3' })).toEqual({ ok: true, hospital: { grade: '3' }, findings: [] });
  });

  test('one in another city than stated is said', () => {
    expect(complete({ code: ELSEWHERE.code }, [extract, beijing]).findings).toEqual(['DATA_ERROR false']);
  });

  test('absent from a complete directory it is not designated; in an extract it is only unknown', () => {
    const unknown = { code: 'H13010299999' };
    expect(complete({ ...unknown, grade: '2' }, [whole])).toEqual({ ok: true, hospital: { grade: '2' }, findings: ['NOT_DESIGNATED_HOSPITAL true'] });
    expect(complete(unknown, [whole])).toEqual({ ok: false, why: 'NOT_DESIGNATED', findings: ['NOT_DESIGNATED_HOSPITAL true'] });
    expect(complete({ ...unknown, grade: '2' })).toEqual({ ok: true, hospital: { grade: '2' }, findings: [] });
    expect(complete(unknown)).toEqual({ ok: false, why: 'GRADE_UNKNOWN', findings: [] });
  });

  test('one whose contract had ended is not designated, and in an emergency that keeps nothing back', () => {
    const day = '2025-08-01';
    expect(complete({ code: PAUSED.code }, [extract], { day })).toEqual({ ok: true, hospital: { grade: '2' }, findings: ['NOT_DESIGNATED_HOSPITAL true'] });
    const emergency = completeHospital({ code: PAUSED.code }, { ...about, hospitals: [extract], day, kind: 'EMERGENCY' });
    expect(emergency.findings).toMatchObject([{ code: 'NOT_DESIGNATED_HOSPITAL', blocking: false }]);
  });
});

test.each<[string, unknown[], string]>([
  ['a code twice', [FIRST, { ...PAUSED, code: FIRST.code }], 'hospitals.1.code: H13010200001 is there already'],
  ['a name twice in a city', [FIRST, { ...PAUSED, names: ['市一院'], region: '130104' }], 'hospitals.1.names.0: H13010200001 has this name in the same city'],
  ['a name twice, printed otherwise', [FIRST, { ...PAUSED, names: ['市 一院'] }], 'hospitals.1.names.0: H13010200001 has this name in the same city'],
  ['a code that is none', [{ ...FIRST, code: '1' }], 'hospitals.0.code: no code of twelve characters'],
  ['a tier of grade 2', [{ ...PAUSED, tier: 'provincial' }], 'hospitals.0.tier: only a hospital of grade 3 has one'],
  ['times that overlap', [{ ...PAUSED, designated: [{ to: '2025-06-30' }, { from: '2025-06-30' }] }], 'hospitals.0.designated.1: overlaps a time before it'],
  ['a time that ends before it begins', [{ ...PAUSED, designated: [{ from: '2026-01-02', to: '2026-01-01' }] }], 'hospitals.0.designated.0.to: ends before'],
])('refused: %s', (_, hospitals, expected) => {
  expect(hospitalFaults(hospitals).join('\n')).toContain(expected);
});
