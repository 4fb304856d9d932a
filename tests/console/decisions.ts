import { eventually } from '#dev/run-stack.ts';
import { tasksOf } from './approvals.ts';
import { addClaimant, claimVisit, type Claimed } from './claimants.ts';
import { control } from './stuck-claim.ts';
import type { World } from './world.ts';

/** Claims that each wait for another kind of decision. */
export type Decisions = { waits: Claimed; written: Claimed; first: Claimed; second: Claimed; doubted: Claimed };

/** A branch that is impatient with its bureau and pays no more than 1 000.00 at once, with a manager and an HR of its own. Nobody else's tests see any of it. */
export async function makeDecisions(world: World, unitCode: string): Promise<Decisions> {
  const { api } = world;
  await api.post('/v1/units', {
    ...{ code: unitCode, name: '石家庄决定车间', nameEn: 'Decisions', parentCode: 'SJZ', region: '130100' },
    settings: {
      serviceLevels: { bureauReview: { remindAfter: { seconds: 1 }, escalateAfter: { seconds: 2 }, escalateAgainAfter: { workingDays: 25 } } },
      payoutLimits: { perInstruction: '1000.00' },
    },
  });
  const [manager, hr] = await Promise.all([
    world.register('branch-manager', { roles: [{ unitCode, role: 'approver' }] }),
    world.register('branch-hr', { roles: [{ unitCode, role: 'hr' }] }),
  ]);
  const claimants = await Promise.all(
    ['甲', '乙', '丙', '丁'].map((name, n) =>
      addClaimant(world, { unitCode, employeeNo: `${unitCode}${n + 1}`, name: `员工${name}`, digits: `90${n + 1}${n + 1}` }),
    ),
  );
  const [waiting, recorded, twice, doubtful] = claimants as [(typeof claimants)[0], (typeof claimants)[0], (typeof claimants)[0], (typeof claimants)[0]];
  // the bureau stays silent about what it is not asked to decide
  const told = (number: string): Promise<unknown> => control(world, 'PUT', `/bureaus/130100/claims/${number}`, { rulings: [] });
  const certificate = ({ code, number }: { code: string; number: string }): Promise<unknown> =>
    control(world, 'PUT', '/bureaus/130100/certificates', {
      ...{ elecSetlCertType: '1', elecSetlCertCode: code, elecSetlCertNo: number, elecSetlCertChkcode: 'a1b2c3', reimFlag: '1' },
    });
  const [waits, written, first, doubted] = await Promise.all([
    claimVisit(world, waiting, { told }),
    claimVisit(world, recorded, { told }),
    claimVisit(world, twice, { told }),
    claimVisit(world, doubtful, { paper: 'data', before: certificate }),
  ]);
  await stateOf(world, first.number, (state) => state !== 'SUBMITTED');
  // a hospital bills one visit twice: whoever comes second looks like the first
  const second = await claimVisit(world, twice, { told, visitNo: first.visitNo });
  for (const [who, claims] of [
    [manager, [waits, written]],
    [hr, [second, doubted]],
  ] as const) {
    await eventually(`tasks of ${who}`, async () => {
      const waitingFor = new Set((await tasksOf(world, who)).map(({ claimNumber }) => claimNumber));
      return claims.every(({ number }) => waitingFor.has(number)) || undefined;
    });
  }
  return { waits, written, first, second, doubted };
}

export function stateOf({ api }: World, number: string, is: (state: string) => boolean): Promise<string> {
  return eventually(`${number} to move on`, async () => {
    const { state } = await api.get<{ state: string }>(`/v1/claims/${number}`);
    return is(state) ? state : undefined;
  });
}
