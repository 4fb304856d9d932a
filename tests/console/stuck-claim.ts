import { eventually } from '#dev/run-stack.ts';
import { crossRegionClaim } from '#dev/sample-claims.ts';
import type { World } from './world.ts';

type Fault = { id: number };

/** A claim whose bureau fails at every submission of it, and of no other: it stands still from its first attempt on. `mend` ends that. */
export async function stuckClaim(world: World): Promise<{ number: string; mend: () => Promise<void> }> {
  const claim = await crossRegionClaim(world.api);
  const { number } = await world.api.post<{ number: string }>('/v1/claims', { ...claim, draft: true }, { as: claim.employeeNo });
  const fault = await control<Fault>(world, 'POST', '/faults', { mode: '5xx', on: 'DZ01', key: number });
  await world.api.post(`/v1/claims/${number}/confirm`, {}, { as: claim.employeeNo });
  await eventually(`${number} to be tried again`, async () => {
    const { items } = await world.api.get<{ items: { number: string }[] }>('/v1/operations/stuck/claims?reason=RETRYING');
    return items.some((one) => one.number === number) || undefined;
  });
  return { number, mend: () => control(world, 'DELETE', `/faults/${fault.id}`) };
}

const shared = new WeakMap<World, ReturnType<typeof stuckClaim>>();
/** One for all pages of a world that show one. */
export function oneStuckClaim(world: World): ReturnType<typeof stuckClaim> {
  const made = shared.get(world) ?? stuckClaim(world);
  shared.set(world, made);
  return made;
}

async function control<T>(world: World, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${world.bureauUrl}/_control${path}`, {
    ...{ method, headers: { 'content-type': 'application/json' } },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`the bureau's ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
