import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '#prisma/database.ts';
import { endedClaim, NOW, useRetention } from './world.ts';

const world = useRetention();
let person = '';
beforeEach(async () => {
  await world.database.query('DELETE FROM erasure_request');
  person = await world.hire();
});

const isErased = async (number: string) =>
  (await world.rows<{ erased: boolean }>('SELECT medical_erased_at IS NOT NULL AS erased FROM claim WHERE number = $1', number))[0]?.erased;
const hold = (employeeId: string, claimNumber: string) =>
  world.database.query(`INSERT INTO legal_hold (employee_id, claim_number, reason, placed_by, placed_at) VALUES ($1, $2, 'a suit', '{}', now())`, [
    employeeId,
    claimNumber,
  ]);

describe('a request of the person', () => {
  const ask = async (status = 'CONFIRMED') =>
    (
      await world.rows<{ id: string }>(
        `INSERT INTO erasure_request (employee_id, status, requested_by, requested_at, decided_at) VALUES ($1, $2, '{}', now(), now()) RETURNING id`,
        person,
        status,
      )
    )[0]?.id;
  const statusOf = async (id: string | undefined) => (await world.rows<{ status: string }>('SELECT status FROM erasure_request WHERE id = $1', id))[0]?.status;

  test('that was confirmed does not wait for the period; one that was not does nothing', async () => {
    const number = await endedClaim(world, { employeeId: person, closedDaysAgo: 5 });
    const waiting = await ask('REQUESTED');
    await world.run();
    expect([await isErased(number), await statusOf(waiting)]).toEqual([false, 'REQUESTED']);
    await world.database.query(`UPDATE erasure_request SET status = 'CONFIRMED' WHERE id = $1`, [waiting]);
    expect(await world.run()).toMatchObject({ MEDICAL_CONTENT: 1 });
    expect([await isErased(number), await statusOf(waiting)]).toEqual([true, 'DONE']);
    const [row] = await world.rows<{ detail: unknown }>(`SELECT detail FROM erasure WHERE rule = 'MEDICAL_CONTENT' ORDER BY id DESC LIMIT 1`);
    expect(row?.detail).toEqual({ request: waiting, claims: [number] });
  });

  test('waits while a legal hold stands', async () => {
    const number = await endedClaim(world, { employeeId: person, closedDaysAgo: 5 });
    await hold(person, number);
    const id = await ask();
    await world.run();
    expect([await isErased(number), await statusOf(id)]).toEqual([false, 'CONFIRMED']);
  });

  test('waits where a legal hold is placed after the request was found, and is carried out when it is lifted', async () => {
    const number = await endedClaim(world, { employeeId: person, closedDaysAgo: 5 });
    const id = await ask();
    let placed = false;
    const overtaken: Database = {
      ...world.worker,
      async write(work) {
        if (!placed) await hold(person, number);
        placed = true;
        return world.worker.write(work);
      },
    };
    await world.jobOver(overtaken).eraseDue({ at: NOW });
    expect([placed, await isErased(number), await statusOf(id)]).toEqual([true, false, 'CONFIRMED']);
    await world.database.query('UPDATE legal_hold SET lifted_at = now() WHERE employee_id = $1', [person]);
    await world.run();
    expect([await isErased(number), await statusOf(id)]).toEqual([true, 'DONE']);
  });

  test('holds off a legal hold until it is carried out', async () => {
    const id = await ask();
    const number = await endedClaim(world, { employeeId: person, closedDaysAgo: 5 });
    // as the API places one: with the person locked
    const lock = 'SELECT FROM employee WHERE id = $1 FOR NO KEY UPDATE NOWAIT';
    let refused: unknown;
    const watched: Database = {
      ...world.worker,
      write: (work) =>
        world.worker.write(async (tx) => {
          const done = await work(tx);
          refused ??= await world.database.query(lock, [person]).catch((error: { code?: string }) => error.code);
          return done;
        }),
    };
    await world.jobOver(watched).eraseDue({ at: NOW });
    expect([refused, await isErased(number), await statusOf(id)]).toEqual(['55P03', true, 'DONE']);
  });

  test.each([
    ['is on hold', { onHold: true }],
    ['may still be appealed against', { outcome: 'PARTIALLY_APPROVED', decidedDaysAgo: 8 }],
  ])('is not done while a claim that has ended %s', async (_, facts) => {
    const [kept, gone] = [await endedClaim(world, { employeeId: person, closedDaysAgo: 5, ...facts }), await endedClaim(world, { employeeId: person })];
    const id = await ask();
    await world.run();
    expect([await isErased(kept), await isErased(gone), await statusOf(id)]).toEqual([false, true, 'CONFIRMED']);
  });
});
