import { randomUUID } from 'node:crypto';
import { deadlineAfter } from '#domain/calendar.ts';
import { SYSTEM } from '#domain/claim/actor.ts';
import { mergeSettings, type UnitSettings } from '#domain/org/settings.ts';
import { coarseKind } from '#domain/retention/erased.ts';
import { CONFIGURABLE, daysFor, dueBefore, type ConfigurableRule, type ErasureRule } from '#domain/retention/periods.ts';
import type { DocumentStore } from '#platform/document-store.ts';
import type { Database, Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import type { Clockwork } from '#prisma/queries/claim-context.ts';
import { erasePersonMedical } from '#prisma/queries/erasure.ts';
import { listConfirmedRequests, lockConfirmedRequest, markErasureDone } from '#prisma/queries/erasure-requests.ts';
import { eraseMedicalContent, listEndedClaims, listEndedClaimsOf, listLeaversWithoutMedicalNeed, type EndedClaim } from '#prisma/queries/medical-erasure.ts';
import {
  BODY_RULES,
  countDue,
  eraseRows,
  insertErasure,
  listDueBodies,
  listUnitSettings,
  replaceBody,
  ROW_RULES,
  takeErasedFile,
  takeErasing,
  type BodyRule,
  type DueDates,
  type ErasedCount,
  type RowRule,
} from '#prisma/queries/retention.ts';
import { answerBodyOf, messageBodyOf } from '#prisma/queries/sealed.ts';

export type RetentionDependencies = {
  database: Database;
  documents: Pick<DocumentStore, 'remove'>;
  clockwork: () => Promise<Clockwork>;
  /** rows of one transaction; claims, whose content is many rows, a tenth of it */
  batch?: number;
};

/** How much each rule erased, or would. */
export type Erased = Partial<Record<ErasureRule, number>>;

const BATCH = 500;

/** What the daily job does: erases what is due, batch by batch, and reports each batch in the transaction that erases it. Whatever stops it, the next run goes on. */
export function retentionActivities({ database, documents, clockwork, batch = BATCH }: RetentionDependencies) {
  async function eraseDue({ at }: { at: string }): Promise<Erased> {
    const run = await openRun(new Date(at));
    const erased: Erased = {};
    const add = (rule: ErasureRule, count: number): void => {
      if (count > 0) erased[rule] = (erased[rule] ?? 0) + count;
    };
    add('MEDICAL_CONTENT', await eraseOnRequest(run));
    add('MEDICAL_CONTENT', await eraseEndedClaims(run));
    for (const rule of ROW_RULES) add(rule, await repeat((tx) => eraseRowBatch(tx, run, rule)));
    for (const rule of BODY_RULES) add(rule, await repeat((tx) => eraseBodyBatch(tx, run, rule)));
    await removeFiles();
    return erased;
  }

  /** The same by counting, without touching anything. */
  async function countAllDue({ at }: { at: string }): Promise<Erased> {
    const run = await openRun(new Date(at));
    return database.write(async (tx) => {
      const due: Erased = {};
      const add = (rule: ErasureRule, count: number): void => {
        if (count > 0) due[rule] = count;
      };
      add('MEDICAL_CONTENT', (await listDueClaims(tx, run)).length);
      for (const rule of [...ROW_RULES, ...BODY_RULES]) add(rule, total(await countDue(tx, { rule, dates: run.dates(rule) })));
      return due;
    });
  }

  /** Until when what must have ended, by the units' settings as they are now. */
  async function openRun(at: Date) {
    const units = await listUnitSettings(database);
    const settings = new Map(units.map(({ id, settings: own }) => [id, mergeSettings(own)]));
    const dates = (rule: ErasureRule): DueDates => ({
      otherwise: dueBefore(daysFor(rule), at),
      units: isConfigurable(rule) ? [...settings].map(([unitId, { retention }]) => ({ unitId, before: dueBefore(daysFor(rule, retention[rule]), at) })) : [],
    });
    return { id: randomUUID(), at, dates, settings, holidays: (await clockwork()).holidays };
  }
  type Run = Awaited<ReturnType<typeof openRun>>;

  /** Whether nobody can appeal any more against the decision that the claim ended with. */
  function isBeyondAppeal(run: Run, { unitId, appealableSince }: EndedClaim): boolean {
    const levels = (run.settings.get(unitId) as UnitSettings).serviceLevels;
    return appealableSince === null || deadlineAfter(appealableSince, levels.appealWindow.closesAfter, run.holidays).at < run.at;
  }

  async function listDueClaims(tx: Tx, run: Run): Promise<EndedClaim[]> {
    const due: EndedClaim[] = [];
    for (let after = ''; ;) {
      const page = await listEndedClaims(tx, { dates: run.dates('MEDICAL_CONTENT'), after, limit: batch });
      due.push(...page.filter((claim) => isBeyondAppeal(run, claim)));
      const last = page.at(-1);
      if (!last) return due;
      after = last.number;
    }
  }

  async function eraseEndedClaims(run: Run): Promise<number> {
    let erased = 0;
    for (let after = ''; ;) {
      const done = await database.write(async (tx) => {
        if (!(await takeErasing(tx))) return undefined;
        const page = await listEndedClaims(tx, { dates: run.dates('MEDICAL_CONTENT'), after, limit: Math.ceil(batch / 10) });
        const due = page.filter((claim) => isBeyondAppeal(run, claim));
        await eraseClaims(tx, run, due);
        return { count: due.length, last: page.at(-1)?.number };
      });
      erased += done?.count ?? 0;
      if (done?.last === undefined) return erased;
      after = done.last;
    }
  }

  /** People who asked for it, whom a second person has confirmed: at once, without waiting for the period. */
  async function eraseOnRequest(run: Run): Promise<number> {
    let erased = 0;
    for (const { id, employeeId } of await listConfirmedRequests(database)) {
      erased += await database.write(async (tx) => {
        if (!(await takeErasing(tx)) || !(await lockConfirmedRequest(tx, { id, employeeId }))) return 0;
        const claims = await listEndedClaimsOf(tx, { employeeId });
        const due = claims.filter((claim) => isBeyondAppeal(run, claim));
        await eraseClaims(tx, run, due, { request: id });
        await markErasureDone(tx, { id, at: run.at });
        return due.length;
      });
    }
    return erased;
  }

  async function eraseClaims(tx: Tx, run: Run, claims: readonly EndedClaim[], about: Record<string, unknown> = {}): Promise<void> {
    if (claims.length === 0) return;
    await eraseMedicalContent(tx, { claims: claims.map(({ number, kind }) => ({ number, coarse: coarseKind(kind) })), at: run.at });
    for (const claimNumber of claims.map(({ number }) => number).toSorted())
      await audit(tx, { claimNumber, at: run.at, actor: SYSTEM, action: 'medical-content-erased', detail: { run: run.id, ...about } });
    const leavers = await listLeaversWithoutMedicalNeed(tx, { employeeIds: [...new Set(claims.map(({ employeeId }) => employeeId))] });
    for (const employeeId of leavers) await erasePersonMedical(tx, employeeId);
    const byUnit = Map.groupBy(claims, ({ unitId }) => unitId);
    const counts = [...byUnit].map(([unitId, { length }]) => ({ unitId, count: length }));
    await report(tx, run, 'MEDICAL_CONTENT', counts, (unitId) => ({ ...about, claims: byUnit.get(unitId ?? '')?.map(({ number }) => number) ?? [] }));
  }

  async function eraseRowBatch(tx: Tx, run: Run, rule: RowRule): Promise<number> {
    const counts = await eraseRows(tx, { rule, dates: run.dates(rule), limit: batch, at: run.at });
    return report(tx, run, rule, counts);
  }

  async function eraseBodyBatch(tx: Tx, run: Run, rule: BodyRule): Promise<number> {
    const due = await listDueBodies(tx, { rule, dates: run.dates(rule), limit: batch });
    for (const { key } of due) await replaceBody(tx, { rule, key, body: await tx.vault.sealInstallation(placeOf(rule, key), ERASED_BODY), at: run.at });
    const byUnit = Map.groupBy(due, ({ unitId }) => unitId);
    return report(
      tx,
      run,
      rule,
      [...byUnit].map(([unitId, { length }]) => ({ unitId, count: length })),
    );
  }

  async function report(
    tx: Tx,
    run: Run,
    rule: ErasureRule,
    counts: readonly ErasedCount[],
    detailOf: (unitId: string | null) => Record<string, unknown> = () => ({}),
  ): Promise<number> {
    const dates = run.dates(rule);
    // in one order, as all who write to several chains
    for (const { unitId, count } of counts.toSorted((a, b) => ((a.unitId ?? '~') < (b.unitId ?? '~') ? -1 : 1))) {
      const before = dates.units.find((one) => one.unitId === unitId)?.before ?? dates.otherwise;
      await insertErasure(tx, { runId: run.id, at: run.at, rule, unitId, count, before, detail: detailOf(unitId) });
      await audit(tx, { unitId, at: run.at, actor: SYSTEM, action: 'erased', detail: { run: run.id, rule, count, before: before.toISOString() } });
    }
    return total(counts);
  }

  /** Batch after batch until there is none left. Where somebody else is at it, it is left to them. */
  async function repeat(work: (tx: Tx) => Promise<number>): Promise<number> {
    for (let sum = 0; ;) {
      const count = await database.write(async (tx) => ((await takeErasing(tx)) ? work(tx) : 0));
      if (count === 0) return sum;
      sum += count;
    }
  }

  /** The files of documents whose rows are gone: after the commit, so that no row ever names a file that is not there. */
  async function removeFiles(): Promise<void> {
    for (;;) {
      const done = await database.write(async (tx) => {
        const file = await takeErasedFile(tx);
        if (file?.remove) await documents.remove(file.storageKey);
        return file === undefined;
      });
      if (done) return;
    }
  }

  return { eraseDue, countAllDue };
}

const ERASED_BODY = JSON.stringify({ erased: true });

function placeOf(rule: BodyRule, key: readonly string[]) {
  const [first = '', second = '', third = ''] = key;
  return rule === 'STORED_ANSWERS' ? answerBodyOf({ callerId: first, route: second, key: third }) : messageBodyOf({ source: first, messageId: second });
}

const total = (counts: readonly ErasedCount[]): number => counts.reduce((sum, { count }) => sum + count, 0);
const isConfigurable = (rule: ErasureRule): rule is ConfigurableRule => (CONFIGURABLE as readonly ErasureRule[]).includes(rule);
