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
  await toBeRetried(world, number);
  return { number, mend: () => control(world, 'DELETE', `/faults/${fault.id}`) };
}

const toBeRetried = (world: World, number: string): Promise<true> =>
  eventually(`${number} to be tried again`, async () => {
    const { items } = await world.api.get<{ items: { number: string }[] }>('/v1/operations/stuck/claims?reason=RETRYING');
    return items.some((one) => one.number === number) || undefined;
  });

/** That of the showcase, for all pages that show one. */
export async function oneStuckClaim(world: World): Promise<{ number: string }> {
  const number = world.claims['stuck'] ?? '';
  await toBeRetried(world, number);
  return { number };
}

/** Tells the simulated bureau something, beside what we tell it as its client. */
export async function control<T>(world: World, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${world.bureauUrl}/_control${path}`, {
    ...{ method, headers: { 'content-type': 'application/json' } },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`the bureau's ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
