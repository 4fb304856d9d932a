import { expect } from 'vitest';
import { PEOPLE } from '#dev/seed.ts';
import { eventually } from '#dev/run-stack.ts';
import { tasksOf } from './approvals.ts';
import type { World } from './world.ts';

/** Where each claim of dev/seed/showcase.ts comes to, and stays: its state, the stage that its employee sees, and what there is besides. */
const COMES_TO: Record<string, { state: string; stage: string | null; more?: (world: World, number: string) => Promise<boolean> }> = {
  draft: { state: 'DRAFT', stage: null },
  'documents-missing': { state: 'PENDED_INFO', stage: 'SUBMITTED' },
  'pre-review': { state: 'SUBMITTED', stage: 'SUBMITTED', more: asks('hrHead', 'PRE_REVIEW') },
  duplicate: { state: 'PENDED_DUPLICATE', stage: 'SUBMITTED', more: asks('hrHead', 'DUPLICATE_REVIEW') },
  'with-bureau': { state: 'IN_REVIEW', stage: 'BUREAU_REVIEW' },
  'first-of-two': { state: 'IN_REVIEW', stage: 'BUREAU_REVIEW' },
  overdue: { state: 'IN_REVIEW', stage: 'BUREAU_REVIEW', more: isOverdue },
  stuck: { state: 'SENT_TO_BUREAU', stage: 'BUREAU_REVIEW', more: isStuck('RETRYING', 'submitToBureau') },
  denied: { state: 'DENIED', stage: 'BUREAU_REVIEW' },
  approved: { state: 'APPROVED', stage: 'APPROVED', more: isStuck('PAYOUT_BLOCKED', 'STOPPED') },
  'payout-above-limit': { state: 'APPROVED', stage: 'APPROVED', more: asks('finance', 'PAYOUT_ATTENTION') },
  'payment-under-way': { state: 'PAYMENT_IN_PROCESS', stage: 'PAYMENT', more: isWithBank },
  'payment-failed': { state: 'PAYMENT_FAILED', stage: 'PAYMENT' },
  paid: { state: 'PAID', stage: 'MONEY_ARRIVED' },
};

/** Every claim of the showcase comes to where it is there for, and none is there for nothing. */
export async function expectShowcase(world: World): Promise<void> {
  expect(Object.keys(world.claims).toSorted()).toEqual(Object.keys(COMES_TO).toSorted());
  for (const [story, { state, stage, more }] of Object.entries(COMES_TO)) {
    const number = world.claims[story] ?? '';
    const claim = await eventually(`${story} to be ${state}`, async () => {
      const found = await world.api.get<{ state: string; stage: string | null }>(`/v1/claims/${number}`);
      return found.state === state ? found : undefined;
    });
    expect({ story, stage: claim.stage }).toEqual({ story, stage });
    if (more) await eventually(`${story} to be what it is there for`, async () => (await more(world, number)) || undefined);
  }
}

/** Somebody of the sample people has this to decide. */
function asks(who: keyof typeof PEOPLE, kind: string) {
  return async (world: World, number: string): Promise<boolean> =>
    (await tasksOf(world, PEOPLE[who].employeeNo)).some((task) => task.claimNumber === number && task.kind === kind);
}

/** The branch's manager has been asked about it, and is late. */
async function isOverdue({ api }: World, number: string): Promise<boolean> {
  const { items } = await api.get<{ items: { kind: string; overdue: boolean }[] }>(`/v1/tasks?mine=true&claimNumber=${number}`, {
    as: PEOPLE.manager.employeeNo,
  });
  return items.length === 1 && items[0]?.kind === 'ESCALATION' && items[0].overdue;
}

function isStuck(reason: string, key: string) {
  return async ({ api }: World, number: string): Promise<boolean> => {
    const { items } = await api.get<{ items: { number: string }[] }>(`/v1/operations/stuck/claims?reason=${reason}&key=${key}&limit=100`);
    return items.some((one) => one.number === number);
  };
}

async function isWithBank({ api }: World, number: string): Promise<boolean> {
  const { items } = await api.get<{ items: { status: string }[] }>(`/v1/claims/${number}/payments`);
  return items.length === 1 && items[0]?.status === 'IN_FLIGHT';
}
