import { randomUUID } from 'node:crypto';
import { eventually } from '../run-stack.ts';
import { claimBodies, uploadDocuments, type ClaimBody } from './claim-body.ts';
import { matched, reference, type ReferenceInput } from './reference-workflow.ts';
import { inParallel, median, round } from './stats.ts';
import { startReference, WINDOW_SECONDS, type BenchWorld } from './world.ts';

const STARTS_AT_ONCE = 8;
/** (1000.00 − 900.00) × 82 % */
const PAID_FEN = 8_200;

export type WholeClaims = {
  claimsPerSecond: number;
  referencePerSecond: { local: number; ordinary: number; none: number };
  ratio: { local: number; ordinary: number; none: number };
  eventsPerClaim: number;
  rounds: number;
  claimsPerRound: number;
};

/** Whole claims per second, from the submission to cleared, in turn with the reference on the same server. Throws where one claim came out wrong. */
export async function measureWholeClaims(
  world: BenchWorld,
  { rounds, claims, report }: { rounds: number; claims: number; report: (line: string) => void },
): Promise<WholeClaims> {
  await startReference(world);
  const documents = await uploadDocuments(world.api);
  const kinds = ['local', 'ordinary', 'none'] as const;
  const ours: number[] = [];
  const theirs = { local: [] as number[], ordinary: [] as number[], none: [] as number[] };
  // A claim alone, whose answers come one after the other, and a small round, so that nobody is measured with cold caches.
  const events = (await claimsRound(world, await claimBodies(world, documents, 1))).eventsPerClaim;
  await claimsRound(world, await claimBodies(world, documents, 5));
  for (const kind of kinds) await referenceRound(world, kind, 5);
  for (let round_ = 1; round_ <= rounds; round_ += 1) {
    ours.push((await claimsRound(world, await claimBodies(world, documents, claims))).perSecond);
    for (const kind of kinds) theirs[kind].push(await referenceRound(world, kind, claims));
    report(
      `round ${round_}: claims ${round(ours.at(-1) ?? 0)}/s · reference ${kinds.map((kind) => `${kind} ${round(theirs[kind].at(-1) ?? 0)}/s`).join(' · ')}`,
    );
  }
  const against = (kind: (typeof kinds)[number]): number => median(ours.map((rate, index) => rate / (theirs[kind][index] ?? Number.NaN)));
  return {
    claimsPerSecond: round(median(ours)),
    referencePerSecond: { local: round(median(theirs.local)), ordinary: round(median(theirs.ordinary)), none: round(median(theirs.none)) },
    ratio: { local: round(against('local')), ordinary: round(against('ordinary')), none: round(against('none')) },
    ...{ eventsPerClaim: events, rounds, claimsPerRound: claims },
  };
}

export async function claimsRound(
  { api, database, temporal }: BenchWorld,
  bodies: readonly ClaimBody[],
): Promise<{ perSecond: number; eventsPerClaim: number }> {
  const count = bodies.length;
  const start = performance.now();
  const numbers = await inParallel(count, STARTS_AT_ONCE, async (index) => (await api.post<{ number: string }>('/v1/claims', bodies[index])).number);
  await eventually('all claims paid', async () => {
    const { rows } = await database.query<{ n: number }>(`SELECT count(*) AS n FROM claim WHERE number = ANY ($1) AND state = 'PAID'`, [numbers]);
    return rows[0]?.n === count ? true : undefined;
  });
  await temporal.client.schedule.getHandle('reconcile/claims/CIB').trigger();
  await eventually('all claims cleared', async () => {
    const { rows } = await database.query<{ n: number }>('SELECT count(*) AS n FROM claim WHERE number = ANY ($1) AND cleared_at IS NOT NULL', [numbers]);
    return rows[0]?.n === count ? true : undefined;
  });
  const seconds = (performance.now() - start) / 1_000;
  await assertRight(database, numbers);
  const [first = ''] = numbers;
  const handle = temporal.client.workflow.getHandle(`claim/${first}`);
  await handle.result();
  return { perSecond: count / seconds, eventsPerClaim: (await handle.describe()).historyLength };
}

/** Every claim paid once, the right amount, matched, with the whole history; a decision may overtake the acknowledgement. */
async function assertRight(database: BenchWorld['database'], numbers: string[]): Promise<void> {
  const { rows } = await database.query<{ wrong: number }>(
    `SELECT count(*) AS wrong FROM unnest($1::text[]) AS n (number) WHERE NOT EXISTS (
       SELECT 1 FROM claim c WHERE c.number = n.number AND c.state = 'PAID' AND c.paid_fen = $2 AND c.cleared_at IS NOT NULL
         AND (SELECT array_agg(e.type ORDER BY e.seq) FROM claim_event e WHERE e.claim_number = c.number AND e.type <> 'BUREAU_ACCEPTED')
           = ARRAY['CREATED', 'INTAKE_PASSED', 'DECIDED', 'PAYOUT_ORDERED', 'PAID', 'CLEARED']
         AND (SELECT count(*) FROM payment_instruction p WHERE p.claim_number = c.number AND p.status = 'SUCCEEDED' AND p.matched_at IS NOT NULL) = 1)`,
    [numbers, PAID_FEN],
  );
  if (rows[0]?.wrong !== 0) throw new Error(`${rows[0]?.wrong ?? 'all'} of ${numbers.length} claims came out wrong`);
}

export async function referenceRound({ plain, database }: BenchWorld, transactions: ReferenceInput['transactions'], count: number): Promise<number> {
  const { workflow } = plain;
  const run = randomUUID().slice(0, 8);
  const id = (index: number): string => `R${run}${index}`;
  const start = performance.now();
  const handles = await inParallel(count, STARTS_AT_ONCE, async (index) => {
    const input: ReferenceInput = { id: id(index), messageId: messageId(index), transactions, windowMs: WINDOW_SECONDS * 1_000 };
    return workflow.start(reference, { workflowId: `reference/${id(index)}`, taskQueue: 'reference', args: [input] });
  });
  if (transactions === 'none')
    await inParallel(count, STARTS_AT_ONCE, async (index) => {
      await handles[index]?.signal('decided');
      await handles[index]?.signal('paid');
    });
  else
    await eventually('all reference payments', async () => {
      const { rows } = await database.query<{ n: number }>('SELECT count(*) AS n FROM reference_claim WHERE id LIKE $1 AND step >= 7', [`R${run}%`]);
      return rows[0]?.n === count ? true : undefined;
    });
  await inParallel(count, STARTS_AT_ONCE, async (index) => handles[index]?.signal(matched));
  await Promise.all(handles.map((handle) => handle.result()));
  return count / ((performance.now() - start) / 1_000);
}

let sequence = 0;
function messageId(index: number): string {
  sequence += 1;
  const at = new Date(Date.now() + 8 * 3_600_000).toISOString().replaceAll(/[-T:]/g, '').slice(0, 14);
  return `DZ1301000001${at}${String((sequence + index) % 10_000).padStart(4, '0')}`;
}
