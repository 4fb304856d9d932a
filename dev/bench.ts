import { parseArgs } from 'node:util';
import { measureProtection, type Cost } from './bench/protection.ts';
import { measureReading } from './bench/reading.ts';
import { measureEngines } from './bench/engine.ts';
import { measureDuplicates } from './bench/duplicates.ts';
import { measureFieldLookup } from './bench/field-lookup.ts';
import { measurePictureRecall } from './bench/picture-recall.ts';
import { measureSubmission } from './bench/submission.ts';
import { measureWaitingMemory } from './bench/waiting-memory.ts';
import { measureWhatIf } from './bench/what-if.ts';
import { measureWholeClaims } from './bench/whole-claims.ts';
import { startBenchWorld, type BenchWorld } from './bench/world.ts';
import { onInterruption } from './stack/processes.ts';

/**
 * `npm run bench`: starts what it needs, prints a table and, as its last line, one JSON object. Speed is told as ratios within one run, because machines differ and are
 * shared. `--parts` picks some of claims,submission,memory,protection,field-lookup,engine,reading,duplicates,what-if; `--quick` makes all of it small.
 */
const PARTS = ['claims', 'submission', 'memory', 'protection', 'field-lookup', 'engine', 'reading', 'duplicates', 'what-if'] as const;
const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: PARTS.join(',') },
    quick: { type: 'boolean', default: false },
    waiting: { type: 'string', default: '1000,10000' },
  },
});
const wanted = values.parts.split(',');
const report = (line: string): void => console.log(`  · ${line}`);
onInterruption({ announce: () => console.log('\nstopping everything that was started') });

/**
 * The events that a claim cannot do without when nothing goes wrong, counted by hand. A workflow task is 3 (scheduled, started, completed), an activity 3, a write inside a
 * workflow task 1. Start 1, task 3, intake 1 · submission 3, task 3, accepted 1, timer of the service level 1 · decision signalled 1, task 3, timer
 * cancelled 1, decided 1, ordered 1 · transfer 3, task 3, in flight 1, timer 1 · bank's news 1, task 3, timer cancelled 1, paid 1, timer of the return window 1 ·
 * statement's news 1, task 3, matched 1 · timer fired 1, task 3, cleared 1, completed 1. What operators search by (4) and the first look at Postgres (1) come on top.
 */
const EVENTS_BY_HAND = 46;

const results: Record<string, unknown> = {};
const rows: [string, string][] = [];

if (wanted.includes('claims')) {
  await inWorld(async (world) => {
    const measured = await measureWholeClaims(world, { ...(values.quick ? { rounds: 1, claims: 20 } : { rounds: 4, claims: 80 }), report });
    results['wholeClaims'] = { ...measured, eventsByHand: EVENTS_BY_HAND, eventsRatio: Math.round((100 * measured.eventsPerClaim) / EVENTS_BY_HAND) / 100 };
    const { ratio, referencePerSecond } = measured;
    rows.push(
      ['whole claims per second', String(measured.claimsPerSecond)],
      ['  ÷ reference, its transactions as local activities', `${ratio.local}  (${referencePerSecond.local}/s)`],
      ['  ÷ reference, its transactions as ordinary activities', `${ratio.ordinary}  (${referencePerSecond.ordinary}/s)`],
      ['  ÷ a workflow with the waits and no steps', `${ratio.none}  (${referencePerSecond.none}/s)`],
      ['events per claim ÷ counted by hand', `${measured.eventsPerClaim} ÷ ${EVENTS_BY_HAND} = ${(measured.eventsPerClaim / EVENTS_BY_HAND).toFixed(2)}`],
    );
  });
}
if (wanted.includes('submission')) {
  await inWorld(async (world) => {
    const measured = await measureSubmission(world, { ...(values.quick ? { rounds: 1, requests: 200 } : { rounds: 5, requests: 1_000 }), report });
    results['submission'] = measured;
    const line = ({ perSecond, p50Ms, p99Ms }: typeof measured.ours): string => `${perSecond}/s, p50 ${p50Ms} ms, p99 ${p99Ms} ms`;
    rows.push(
      ['submission', line(measured.ours)],
      ['  a bare route with the same inserts', line(measured.bare)],
      ['  throughput ÷ bare', String(measured.ratio)],
      ['  while a worker works on them', line(measured.whileWorking)],
    );
  });
}
if (wanted.includes('memory')) {
  await inWorld(
    async (world) => {
      const steps = values.quick ? [50, 100] : values.waiting.split(',').map(Number);
      const measured = await measureWaitingMemory(world, { steps, report });
      results['waitingMemory'] = measured;
      for (const { waiting, workerMiB, serverMiB } of measured)
        rows.push([`memory with ${waiting} waiting claims`, `worker ${workerMiB ?? '?'} MiB, Temporal server ${serverMiB ?? '?'} MiB`]);
    },
    { inMemoryTemporal: true },
  );
}

if (wanted.includes('protection')) {
  await inWorld(async (guarded) => {
    await inWorld(
      async (unprotected) => {
        const measured = await measureProtection(
          { protected: guarded, unprotected },
          { ...(values.quick ? { rounds: 2, claims: 20 } : { rounds: 8, claims: 60 }), report },
        );
        results['protection'] = measured;
        const line = ({ total, api, worker, postgres, temporal }: Cost & { total: number }): string =>
          `${total} ms  (API ${api}, worker ${worker}, PostgreSQL ${postgres}, Temporal ${temporal})`;
        rows.push(
          ['CPU per claim, protected', line(measured.with)],
          ['  without row-level security, encryption and codec', line(measured.without)],
          ['  protected ÷ without', `${measured.ratio}  (${measured.ratios.join(', ')})`],
        );
      },
      { unprotected: true },
    );
  });
}
if (wanted.includes('field-lookup')) {
  const measured = await measureFieldLookup({ people: values.quick ? 20_000 : 1_000_000, report });
  results['fieldLookup'] = measured;
  const { people, node, executionMs, wholeMs } = measured;
  rows.push([`one of ${people} people by identity number`, node ?? 'NO INDEX'], ['  in PostgreSQL, and with unsealing', `${executionMs} ms, ${wholeMs} ms`]);
}

if (wanted.includes('engine')) {
  const measured = await measureEngines({ ...(values.quick ? { treatments: 300, rounds: 2 } : { treatments: 3_000, rounds: 7 }), report });
  results['engine'] = measured;
  for (const [name, { us, from, to, ratio, ratios }] of Object.entries(measured.engines))
    rows.push([`a treatment settled by ${name}`, `${us} µs (${from}–${to})${ratio === 1 ? '' : ` = ${ratio} × ours (${ratios.join('–')})`}`]);
}
if (wanted.includes('reading')) {
  const measured = await measureReading({ report });
  results['reading'] = measured;
  for (const [name, { fields, right, wrong, lines, rightLines, msPerFile }] of Object.entries(measured))
    rows.push([`read: ${name}`, `${right} of ${fields} fields right, ${wrong} wrong; ${rightLines} of ${lines} lines; ${msPerFile} ms a file`]);
}
if (wanted.includes('duplicates')) {
  const measured = await measureDuplicates({ few: 1_000, many: values.quick ? 50_000 : 1_000_000, report });
  const pictures = await measurePictureRecall({ pictures: values.quick ? 6 : 40 });
  results['duplicates'] = { ...measured, pictures };
  const { claims, fewMs, manyMs, ratio, indexes, readsAll, picturesExamined } = measured;
  rows.push(
    [`duplicate check of a claim among ${claims.many} ÷ among ${claims.few}`, `${manyMs} ms ÷ ${fewMs} ms = ${ratio}`],
    ['  reached by', `${indexes.join(', ')}${readsAll ? ', AND BY READING ALL' : ''}`],
    ['  marks of pictures looked at for one picture', String(picturesExamined)],
    [
      '  pictures known again',
      Object.entries(pictures.recall)
        .map(([name, share]) => `${name} ${share}`)
        .join(' · '),
    ],
    ['  taken for one another', `different papers ${pictures.falsePapers}, scans of one form ${pictures.falseScansOfOneForm}`],
  );
}
if (wanted.includes('what-if')) {
  await inWorld(async (world) => {
    const measured = await measureWhatIf(world, { claims: values.quick ? 4_000 : 100_000, report });
    results['whatIf'] = measured;
    const { claims, perSecond, rssMiB, rssRatio, sameAnswer, asStored } = measured;
    rows.push(
      [`what-if over ${claims} claims in one worker`, `${perSecond.join('/s, then ')}/s`],
      ['  memory at 10 %, 50 %, 100 % of each run', rssMiB.map((rss) => `${rss[10] ?? '?'}, ${rss[50] ?? '?'}, ${rss[100] ?? '?'} MiB`).join(' · ')],
      ['  at 100 % ÷ at 10 %', String(rssRatio ?? '?')],
      ['  both runs the same answer, and that of intake', `${sameAnswer ? 'yes' : 'NO'}, ${asStored ? 'yes' : 'NO'}`],
    );
  });
}

console.log();
const width = Math.max(...rows.map(([name]) => name.length));
for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`);
console.log(JSON.stringify(results));

async function inWorld(measure: (world: BenchWorld) => Promise<void>, options: { inMemoryTemporal?: boolean; unprotected?: boolean } = {}): Promise<void> {
  const world = await startBenchWorld({ report, ...options });
  try {
    await measure(world);
  } finally {
    await world.stop();
  }
}
