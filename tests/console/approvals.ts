import { eventually } from '#dev/run-stack.ts';
import { addClaimant, claimVisit } from './claimants.ts';
import { employeeNoOf, type TestPerson } from './people.ts';
import type { World } from './world.ts';

export type Approvals = { approver: string; claims: string[] };

/** A unit of its own whose claims this person approves, and as many claims that wait for it, the first with a picture. Nobody else's tests see any of it. */
export async function makeApprovals(world: World, { who, unitCode, count }: { who: TestPerson; unitCode: string; count: number }): Promise<Approvals> {
  const { api } = world;
  await api.post('/v1/units', { code: unitCode, name: '石家庄总装车间', nameEn: 'Assembly', parentCode: 'SJZ', region: '130100' });
  const approver = await world.register(who, { roles: [{ unitCode, role: 'approver' }] });
  const step = { name: '车间主任', mode: 'any', approvers: { kind: 'people', employeeNos: [approver] } };
  await api.post(`/v1/units/${unitCode}/approval-flows`, { name: '车间审批', basedOn: 0, steps: [step] });
  const claims: string[] = [];
  for (let n = 1; n <= count; n += 1) {
    const name = `工人${'甲乙丙丁戊己'[n - 1] ?? n}`;
    const claimant = await addClaimant(world, { unitCode, employeeNo: `${unitCode}${n}`, name, digits: `${employeeNoOf(who).slice(-3)}${n}` });
    claims.push((await claimVisit(world, claimant, n === 1 ? { paper: 'drawn' } : {})).number);
  }
  // the one reader of letters has other tests' pictures before it
  await eventually(`${count} claims to wait for ${approver}`, async () => ((await tasksOf(world, approver)).length === count ? true : undefined), 200_000);
  return { approver, claims };
}

type Waiting = { id: string; claimNumber: string; version: number; kind: string };

export async function tasksOf({ api }: World, employeeNo: string): Promise<Waiting[]> {
  return (await api.get<{ items: Waiting[] }>('/v1/tasks?box=todo', { as: employeeNo })).items;
}
