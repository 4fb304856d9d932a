import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { answersTo } from '#dev/estimate.ts';
import { faultDescriber } from '#dev/rulebook-check.ts';
import { loadPolicies, RULEBOOKS_DIR } from '#platform/policy/load.ts';

const dir = mkdtempSync(join(tmpdir(), 'daozhang-rulebooks-'));
afterAll(() => rmSync(dir, { recursive: true }));

const policies = loadPolicies();
if (!policies.ok) throw new Error('the rulebooks have faults');
const answers = (body: unknown) => answersTo(body, policies, '2026-11-18');
const unclassed = { itemCode: 'X1', itemName: '项目', amount: '12000.00' };
const line = { ...unclassed, itemClass: '01' };
const body = {
  ...{ insuredRegion: '130100', treatedRegion: '110000', kind: 'INPATIENT', age: 40, hospital: { grade: '3' }, circumstances: ['REFERRAL_FILED'] },
  ...{ visit: { start: '2026-03-02', end: '2026-03-09' }, lines: [line] },
};

function run(command: string, args: readonly string[], input = ''): { code: number | null; out: string; err: string } {
  const entry = fileURLToPath(new URL(`../../../dev/${command}.ts`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], { input, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

describe('estimate', () => {
  it('answers a file that begins with a byte-order mark, from standard input', () => {
    const { code, out } = run('estimate', ['-'], `\uFEFF${JSON.stringify(body)}`);
    expect(code).toBe(0);
    // (12 000 − 900) × 82 % = 9 102.00
    expect(JSON.parse(out)).toMatchObject({ covered: true, benefit: '9102.00' });
  });

  it('says in one line what is no JSON', () => {
    const broken = run('estimate', ['-'], '{"age":');
    expect(broken).toMatchObject({ code: 2, out: '' });
    expect(broken.err).toMatch(/^-: .+\n$/);
  });

  it.each<[string, unknown, string[]]>([
    ['nothing that could be a claim', null, ['body: ']],
    ['three decimals', { ...body, lines: [{ ...line, amount: '1.234' }] }, ['lines.0.amount: no amount in yuan']],
    ['an amount below nothing', { ...body, lines: [line, { ...line, amount: '-1.00' }] }, ['lines.1.amount: no amount in yuan']],
    ['days out of order', { ...body, visit: { start: '2026-03-09', end: '2026-03-02' } }, ['visit: The dates are out of order']],
    ['a plan that nobody has', { ...body, plan: 'gold' }, ['plan: There is no such plan']],
    ['items that no catalogue knows', { ...body, lines: [unclassed, line, unclassed] }, ['lines.0.itemClass: No', 'lines.2.itemClass: No']],
    ['201 lines', { ...body, lines: Array.from({ length: 201 }, () => line) }, ['lines: ']],
    ['several of them', [body, { ...body, kind: 'SPA', age: -1 }, [], { ...body, plan: 'gold' }], ['[1].kind: ', '[1].age: ', '[2]: ', '[3].plan: ']],
  ])('names every fault in a line of its own: %s', (_, asked, beginnings) => {
    const answered = answers(asked);
    const faults = answered.ok ? [] : answered.faults;
    expect(faults.map((fault, index) => (fault.startsWith(beginnings[index] ?? '-') ? beginnings[index] : fault))).toEqual(beginnings);
    expect(faults.filter((fault) => fault.includes('\n'))).toEqual([]);
  });

  it('200 lines and the dearest line there is are answered, and no fen is lost', () => {
    const many = { ...body, lines: Array.from({ length: 200 }, () => ({ ...line, amount: '3333.33' })) };
    // 200 × 3 333.33 = 666 666.00; (666 666 − 900) × 82 % = 545 928.12, of which the fund pays 350 000.00 in a year
    expect(answers([many, { ...body, lines: [{ ...line, amount: '9999999999.99' }] }])).toMatchObject({
      answer: [
        { submitted: '666666.00', benefit: '350000.00' },
        { submitted: '9999999999.99', benefit: '350000.00' },
      ],
    });
  });
});

describe('rulebook:check', () => {
  const bookWith = (change: (text: string) => string): string => {
    cpSync(RULEBOOKS_DIR, dir, { recursive: true });
    const file = join(dir, '130100-310.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    return file;
  };
  const faults = (): string[] => {
    const loaded = loadPolicies(dir);
    return loaded.ok ? [] : loaded.faults.map(faultDescriber()).map((fault) => fault.replace(/^.*\//, ''));
  };

  it('names the line on which a file stops to be JSON', () => {
    bookWith((text) => text.replace('"scheme": "310",', '"scheme": "310" oops'));
    expect(faults()).toEqual([expect.stringMatching(/^130100-310\.json:4: file: /)]);
  });

  it('names a region that the same rulebook has already', () => {
    bookWith((text) => text.replace('["1301"]', '["1301", "130102"]'));
    expect(faults()).toEqual(['130100-310.json:3: insuredRegions.1: 130102 is covered by 1301 already']);
  });

  it('names what has the id of another, and a directory without rulebooks', () => {
    bookWith((text) => text.replace('"id": "130100-310"', '"id": "110000-310"'));
    expect(faults()).toEqual(['130100-310.json:2: id: 110000-310 is the id of 110000-310.json as well']);
    const nowhere = loadPolicies(join(dir, 'nowhere'));
    expect(nowhere.ok ? [] : nowhere.faults.map(faultDescriber())).toEqual([expect.stringMatching(/nowhere:1: file: no rulebook is here$/)]);
  });

  const changed = (name: string, change: (file: Record<string, unknown>) => void, saveAs = name): void => {
    const content = JSON.parse(readFileSync(join(RULEBOOKS_DIR, name), 'utf8'));
    change(content);
    writeFileSync(join(dir, saveAs), JSON.stringify(content, null, 2));
  };
  const SERVICES = 'catalogues/130000-items-2026-01-01.json';

  it.each<[string, () => void, string]>([
    [
      'an item twice',
      () => changed(SERVICES, (file) => (file['items'] as unknown[]).push((file['items'] as unknown[])[0])),
      '130000-items-2026-01-01.json:78: items.8.code: 110200001 is there already for the same days',
    ],
    [
      'editions that overlap',
      () => changed(SERVICES, (file) => Object.assign(file, { from: '2025-12-31' })),
      'from: overlaps the edition of 2024-01-01, which ends on 2025-12-31',
    ],
    [
      'editions with a gap',
      () => changed(SERVICES, (file) => Object.assign(file, { from: '2026-01-02' })),
      'from: a gap: the edition of 2024-01-01 ends on 2025-12-31',
    ],
    ['an edition twice', () => changed(SERVICES, () => undefined, 'catalogues/again.json'), 'from: there is another edition of 130000-items from 2026-01-01'],
    [
      'a list under two names',
      () => changed(SERVICES, (file) => Object.assign(file, { id: 'hebei' })),
      'id: 130000-items is the same list of 130000 under another name',
    ],
    [
      'a hospital without a grade',
      () => changed('hospitals/130100-hospitals-2024-01-01.json', (file) => delete (file['hospitals'] as Record<string, unknown>[])[0]?.['grade']),
      '130100-hospitals-2024-01-01.json:14: hospitals.0.grade: ',
    ],
  ])('names %s, with its line', (_, spoil, expected) => {
    bookWith((text) => text);
    spoil();
    expect(faults()).toEqual([expect.stringContaining(expected)]);
    rmSync(join(dir, 'catalogues'), { recursive: true });
    rmSync(join(dir, 'hospitals'), { recursive: true });
  });

  it('shows what changed between two days: of a catalogue the item, not the edition', () => {
    const { code, out } = run('rulebook-check', ['--between', '2025-12-31', '2026-01-01']);
    expect(code).toBe(0);
    expect(out).toContain('130000-items 2026-01-01  ');
    expect(out.slice(out.indexOf('130000-items 210300001'))).toMatch(
      /^130000-items 210300001\n  - .*"priceLimitFen":42000.*\n  \+ .*"priceLimitFen":38000.*\n$/,
    );
    // before the first edition there was nothing
    expect(run('rulebook-check', ['--between', '2023-12-31', '2024-01-01']).out).toMatch(/^110000-drugs XJ01DDT001\n  - \(nothing\)$/m);
  });

  it('ends with 1 for faults, one a line, and with 2 when it is not called as it says', () => {
    bookWith((text) => text.replace('"percent": "85"', '"percent": "185"'));
    const { code, err } = run('rulebook-check', ['--dir', dir]);
    expect([code, err.trimEnd().split('\n').length]).toEqual([1, 1]);
    expect(err).toMatch(/130100-310\.json:\d+: benefits\.0\.ratio\.0\.value\.table\.\d+\.segments\.0\.percent: more than 100 %/);
    // no such day, and days the wrong way round, which would tell every change backwards
    for (const between of [
      ['2026-01-01', '2026-02-30'],
      ['2026-01-01', '2025-12-31'],
    ])
      expect(run('rulebook-check', ['--between', ...between])).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^npm run rulebook/) });
  });
});
