import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findApprovers, findReaders } from '#domain/approval/directory.ts';
import { findOverlap, inForce, selectFlow, type ApprovalFlow } from '#domain/approval/flow.ts';
import { CLAIM_KIND_CODES } from '#domain/claim/completeness.ts';
import { fen, type Fen } from '#domain/money.ts';
import { directory, holders, people, step } from './world.ts';

const day = (n: number) => new Date(Date.UTC(2026, 10, n));
const version = (own: Partial<ApprovalFlow>): ApprovalFlow => ({
  ...{ id: 'f', unitId: 'head', name: 'all', version: 1, validFrom: day(1), claimKinds: null, minFen: null, maxFen: null, copies: [] },
  steps: [step('one', people('a'))],
  ...own,
});
const select = (versions: ApprovalFlow[], own: Partial<Parameters<typeof selectFlow>[1]> = {}) =>
  selectFlow(versions, { ancestorIds: ['head', 'branch', 'dept'], kind: 'OUTPATIENT', submittedFen: fen(50_000), at: day(10), ...own });

describe('which flow a claim takes', () => {
  test('none where there is none', () => expect(select([])).toBeNull());

  test('of the nearest unit that has one for it', () => {
    const head = version({ id: 'head' });
    const branch = version({ id: 'branch', unitId: 'branch', claimKinds: ['OUTPATIENT'] });
    expect(select([head, branch])?.id).toBe('branch');
    expect(select([head, branch], { kind: 'INPATIENT' })?.id).toBe('head');
    expect(select([head, branch], { ancestorIds: ['head', 'other'] })?.id).toBe('head');
  });

  test('by amount, both ends included', () => {
    const large = version({ id: 'large', name: 'large', minFen: fen(100_000), maxFen: fen(200_000) });
    const picked = [99_999, 100_000, 200_000, 200_001].map((amount) => select([version({}), large], { submittedFen: fen(amount) })?.id);
    expect(picked).toEqual(['f', 'large', 'large', 'f']);
  });

  test('the version that begins last before the submission; of two that begin together the newer; none that ends it', () => {
    const versions = [
      version({ id: '1' }),
      version({ id: '2', version: 2, validFrom: day(20) }),
      version({ id: '3', version: 3, validFrom: day(5) }),
      version({ id: '4', version: 4, validFrom: day(5) }),
    ];
    expect(select(versions)?.id).toBe('4');
    expect(select(versions, { at: day(2) })?.id).toBe('1');
    expect(select(versions, { at: day(20) })?.id).toBe('2');
    expect(inForce(versions, new Date(0))).toEqual([]);
    const ended = version({ version: 5, validFrom: day(6), steps: [] });
    expect(select([...versions, ended])).toBeNull();
  });

  test('the narrowest of those that are meant for it: they lie within each other, or one of them was not let in', () => {
    const end = (n: number | null): Fen | null => (n === null ? null : fen(n));
    const range = fc
      .record({
        claimKinds: fc.option(fc.subarray(['OUTPATIENT', 'INPATIENT', 'EMERGENCY'] as const, { minLength: 1 })),
        minFen: fc.option(fc.nat(9)),
        maxFen: fc.option(fc.nat(9)),
      })
      .filter(({ minFen, maxFen }) => (minFen ?? 0) <= (maxFen ?? 9));
    const meant = ({ claimKinds, minFen, maxFen }: ApprovalFlow, amount: number) =>
      (claimKinds?.includes('OUTPATIENT') ?? true) && amount >= (minFen ?? 0) && amount <= (maxFen ?? 9);
    const size = (one: ApprovalFlow) => (one.claimKinds?.length ?? CLAIM_KIND_CODES.length) * 100 + ((one.maxFen ?? 100) - (one.minFen ?? 0));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 6 }), fc.nat(9), (ranges, amount) => {
        const let_in: ApprovalFlow[] = [];
        for (const [index, { minFen, maxFen, ...rest }] of ranges.entries()) {
          const flow = version({ ...rest, id: `${index}`, name: `${index}`, minFen: end(minFen), maxFen: end(maxFen) });
          if (!findOverlap(flow, let_in)) let_in.push(flow);
        }
        const fits = let_in.filter((one) => meant(one, amount));
        const smallest = fits.toSorted((a, b) => size(a) - size(b))[0];
        expect(select(let_in, { submittedFen: fen(amount) })).toEqual(smallest ?? null);
      }),
    );
  });

  test('two that would leave it open are told apart from one within the other', () => {
    const outpatient = version({ name: 'o', claimKinds: ['OUTPATIENT', 'EMERGENCY'] });
    expect(findOverlap(version({}), [outpatient])).toBeNull();
    expect(findOverlap(version({ claimKinds: ['EMERGENCY', 'INPATIENT'] }), [outpatient])?.name).toBe('o');
    expect(findOverlap(version({ claimKinds: ['EMERGENCY', 'OUTPATIENT'] }), [outpatient])?.name).toBe('o');
    expect(findOverlap(version({ claimKinds: ['INPATIENT'] }), [outpatient])).toBeNull();
    expect(findOverlap(version({ maxFen: fen(10) }), [version({ minFen: fen(10) })])).not.toBeNull();
    expect(findOverlap(version({ maxFen: fen(9) }), [version({ minFen: fen(10) })])).toBeNull();
  });
});

describe('who is found', () => {
  const held = (employeeId: string, unitId: string, role: 'approver' | 'hr' | 'admin' = 'approver') => ({ employeeId, unitId, role });
  const find = (who: Parameters<typeof step>[1], own: Parameters<typeof directory>[0] = {}, mode: Parameters<typeof step>[0] = 'all') =>
    findApprovers(step(mode, who), directory(own));

  test('people by name who are still there, once each', () => {
    expect(find(people('b', 'a', 'b', 'gone'))).toEqual({ employeeIds: ['b', 'a'], found: 'flow' });
    expect(find(people('b', 'a'), {}, 'one')).toEqual({ employeeIds: ['b'], found: 'flow' });
  });

  test('holders of a role on the nearest unit that has any; of head office alone', () => {
    const own = { holders: [held('h', 'head'), held('b1', 'branch'), held('b2', 'branch'), held('x', 'branch', 'hr')] };
    expect(find(holders('approver'), own)).toEqual({ employeeIds: ['b1', 'b2'], found: 'flow' });
    expect(find(holders('approver'), own, 'one')).toEqual({ employeeIds: ['b1'], found: 'flow' });
    expect(find(holders('approver', 'head-office'), own)).toEqual({ employeeIds: ['h'], found: 'flow' });
  });

  test('the claimant is left out; where nobody is left, the next level up', () => {
    const own = { holders: [held('claimant', 'dept'), held('b1', 'branch'), held('h', 'head'), held('adm', 'head', 'admin')] };
    expect(find(holders('approver'), { holders: [...own.holders, held('d', 'dept')] })).toEqual({ employeeIds: ['d'], found: 'flow' });
    expect(find(holders('approver'), own)).toEqual({ employeeIds: ['b1'], found: 'next-level' });
    expect(find(people('claimant'), own)).toEqual({ employeeIds: ['b1'], found: 'next-level' });
    // above head office there is nobody, and nobody below decides in its place
    expect(find(holders('approver', 'head-office'), { holders: [held('b1', 'branch'), held('claimant', 'head'), held('adm', 'head', 'admin')] })).toEqual({
      employeeIds: ['adm'],
      found: 'admin',
    });
  });

  test('nobody: the admin of the nearest unit, not the claimant; not even that: nobody', () => {
    const admins = [held('claimant', 'dept', 'admin'), held('adm2', 'branch', 'admin'), held('adm3', 'branch', 'admin'), held('adm', 'head', 'admin')];
    expect(find(holders('hr'), { holders: admins })).toEqual({ employeeIds: ['adm2'], found: 'admin' });
    expect(find(people('gone'), { holders: admins })).toEqual({ employeeIds: ['adm2'], found: 'admin' });
    expect(find(people('claimant'), { holders: [] })).toEqual({ employeeIds: [], found: 'admin' });
  });

  test('copies go to whom is found, without anybody in their place', () => {
    expect(
      findReaders(
        [people('a', 'claimant', 'gone'), holders('hr'), people('a')],
        directory({ holders: [held('x', 'head', 'hr'), held('adm', 'head', 'admin')] }),
      ),
    ).toEqual(['a', 'x']);
  });
});
