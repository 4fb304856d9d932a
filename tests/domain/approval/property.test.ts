import fc from 'fast-check';
import { expect, test } from 'vitest';
import { act, recall, urge, type ApprovalAct } from '#domain/approval/act.ts';
import { APPROVAL_MODES, type Approvers } from '#domain/approval/flow.ts';
import { askedNow, begin, lift, resume, type ApprovalInstance, type Outcome, type Setting } from '#domain/approval/instance.ts';
import { allIn } from '#domain/approval/seats.ts';
import { directory, flow, step } from './world.ts';

const PEOPLE = ['a', 'b', 'c', 'd', 'e', 'f', 'claimant'];
const person = fc.constantFrom(...PEOPLE);
const some = fc.array(person, { maxLength: 3 });
const approvers: fc.Arbitrary<Approvers> = fc.oneof(
  fc.record({ kind: fc.constant('people' as const), employeeIds: fc.array(person, { minLength: 1, maxLength: 4 }) }),
  fc.record({
    kind: fc.constant('role' as const),
    role: fc.constantFrom('approver' as const, 'hr' as const),
    place: fc.constantFrom('nearest' as const, 'head-office' as const),
  }),
);
const setting: fc.Arbitrary<Setting> = fc.record({
  flow: fc
    .array(fc.tuple(fc.constantFrom(...APPROVAL_MODES), approvers), { minLength: 1, maxLength: 4 })
    .map((steps) => flow(steps.map(([mode, who]) => step(mode, who)))),
  directory: fc
    .record({
      holders: fc.array(
        fc.record({
          employeeId: person,
          unitId: fc.constantFrom('dept', 'branch', 'head'),
          role: fc.constantFrom('approver' as const, 'hr' as const, 'admin' as const),
        }),
        { maxLength: 8 },
      ),
      present: fc.subarray(PEOPLE),
    })
    .map(directory),
});
const what: fc.Arbitrary<ApprovalAct> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ action: 'APPROVE' as const }) },
  fc.constant({ action: 'REFUSE' as const }),
  person.map((to) => ({ action: 'TRANSFER' as const, to })),
  fc.integer({ min: -1, max: 4 }).map((toStep) => ({ action: 'RETURN' as const, toStep })),
  fc
    .tuple(fc.constantFrom('ADD_BEFORE' as const, 'ADD_AFTER' as const), some, fc.constantFrom('any' as const, 'all' as const, 'in-order' as const))
    .map(([action, people, mode]) => ({ action, people, mode })),
  some.map((people) => ({ action: 'ADD_PARALLEL' as const, people })),
  some.map((people) => ({ action: 'CC' as const, people })),
);
/** `seat` picks among those asked, beyond them one that is not; `as` makes somebody stand in. */
const move = fc.record({
  kind: fc.constantFrom('act', 'act', 'act', 'act', 'recall', 'urge', 'submitter'),
  seat: fc.nat(6),
  by: fc.option(person),
  what,
  comment: fc.constantFrom('why', ' '),
});

type Made = { seen: number; instance: ApprovalInstance };

function apply({ seen, instance }: Made, one: typeof move extends fc.Arbitrary<infer Value> ? Value : never, about: Setting): Made {
  const asked = askedNow(instance);
  const seats = instance.rounds.flatMap(allIn);
  const seat = one.kind === 'recall' ? seats[one.seat] : asked[one.seat];
  const owner = seat?.employeeId ?? 'f';
  const who = { seat: seat?.id ?? 999, by: one.by ?? owner, onBehalfOf: one.by === null || one.by === owner ? null : owner, comment: one.comment };
  let next: Outcome | { ok: false };
  if (one.kind === 'act') next = act(instance, who, one.what, about);
  else if (one.kind === 'recall') next = recall(instance, who, about);
  else if (one.kind === 'urge') next = urge(instance, { by: who.by, at: new Date(seen * 1_000_000), comment: null });
  else if (instance.status === 'RETURNED') next = resume(instance, about);
  else next = instance.status === 'REFUSED' ? lift(instance, about) : { ok: false };
  return { seen: seen + 1, instance: next.ok ? next.instance : instance };
}

test('whatever anybody does, an approval is open with somebody asked, or approved, or refused, or returned; never asks the claimant, nobody twice in a step', () => {
  const ends = new Set<string>();
  fc.assert(
    fc.property(setting, fc.array(move, { maxLength: 30 }), (about, moves) => {
      let made: Made = { seen: 0, instance: begin(about).instance };
      for (const one of moves) {
        const before = JSON.stringify(made.instance);
        const was = made.instance;
        made = apply(made, one, about);
        // what is refused and what is done leaves what was before as it was
        expect(JSON.stringify(was)).toBe(before);
        const { status, step: at, rounds } = made.instance;
        ends.add(status);
        const asked = askedNow(made.instance);
        expect(asked.length > 0).toBe(status === 'OPEN');
        if (status === 'APPROVED') expect(at).toBe(about.flow.steps.length);
        else expect(at).toBeLessThan(about.flow.steps.length);
        for (const round of rounds) {
          const named = allIn(round).flatMap(({ employeeId, formerly }) => [employeeId ?? [], formerly].flat());
          expect(named).not.toContain('claimant');
          expect(new Set(named).size).toBe(named.length);
          const signers = allIn(round).flatMap(({ approvedBy }) => approvedBy ?? []);
          expect(new Set(signers).size).toBe(signers.length);
          expect(signers).not.toContain('claimant');
        }
        const ids = rounds.flatMap(allIn).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
      }
    }),
    { numRuns: 2_000 },
  );
  expect([...ends].toSorted()).toEqual(['APPROVED', 'OPEN', 'REFUSED', 'RETURNED']);
});

test('an approval is stored as JSON and goes on from there the same', () => {
  fc.assert(
    fc.property(setting, fc.array(move, { maxLength: 15 }), (about, moves) => {
      let [live, stored]: [Made, Made] = [
        { seen: 0, instance: begin(about).instance },
        { seen: 0, instance: begin(about).instance },
      ];
      for (const one of moves) {
        live = apply(live, one, about);
        stored = apply({ ...stored, instance: JSON.parse(JSON.stringify(stored.instance)) as ApprovalInstance }, one, about);
        expect(stored).toEqual(live);
      }
    }),
  );
});
