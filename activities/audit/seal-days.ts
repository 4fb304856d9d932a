import { ApplicationFailure } from '@temporalio/common';
import { rootFile, rootText, scopeOf } from '#domain/audit/root.ts';
import { SYSTEM } from '#domain/claim/actor.ts';
import type { Day } from '#domain/calendar.ts';
import type { AuditExport } from '#platform/audit-export.ts';
import { signed, type AuditKey, type Signed } from '#platform/audit-key.ts';
import { createRootBuilder } from '#platform/merkle.ts';
import type { Database, Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { holdDay, insertRoot, listUnexported, markExported, nextDayToSeal, readDay, readPrevious, type RootRow } from '#prisma/queries/audit-roots.ts';

const BATCH = 500;

export type Sealing = { days: number; exported: number };

/** The roots of the audit: made, signed and given away, day by day. */
export function auditActivities({ database, auditKey, auditExport }: { database: Database; auditKey: AuditKey; auditExport: AuditExport }) {
  /**
   * Seals every day that is over and has no roots yet, the oldest first, and exports what was not exported yet: days in which it could not run are caught up
   * with. May run as often as you like, and in several places. Where a name of the export holds something else, that stays, it is recorded and, once the
   * rest is exported, the activity fails for good: somebody has changed the past, here or there.
   */
  async function sealAuditDays(): Promise<Sealing> {
    const sum: Sealing = { days: 0, exported: 0 };
    for (let day = await nextDayToSeal(database); day !== undefined; day = await nextDayToSeal(database)) {
      const closed = day;
      await database.write((tx) => sealDay(tx, closed, auditKey));
      sum.days += 1;
    }
    const differing: string[] = [];
    for (;;) {
      const roots = (await listUnexported(database, BATCH + differing.length)).filter(({ unitId, day }) => !differing.includes(rootFile({ unitId, day })));
      for (const root of roots) {
        const name = rootFile(root);
        if ((await auditExport.put(name, exportedText(root))) === 'differs') {
          differing.push(name);
          continue;
        }
        await auditExport.put(`keys/${root.keyId}.pem`, root.publicKey);
        await markExported(database, root);
        sum.exported += 1;
      }
      if (roots.length === 0) break;
    }
    if (differing.length === 0) return sum;
    await database.write((tx) => audit(tx, { actor: SYSTEM, action: 'audit-export-differs', detail: { files: differing.slice(0, BATCH) } }));
    throw ApplicationFailure.nonRetryable(`the export has other roots than the database: ${differing.slice(0, 5).join(', ')}`, 'AuditExportDiffers');
  }

  return { sealAuditDays };
}

/** A root as it is exported: the same text for the same root, whenever it is written. */
export function exportedText({ statement, signature, keyId, publicKey }: Signed): string {
  return `${JSON.stringify({ statement, signature, keyId, publicKey }, null, 2)}\n`;
}

/** All roots of a day or none: whichever day has one has them all. */
async function sealDay(tx: Tx, day: Day, key: AuditKey): Promise<void> {
  await holdDay(tx, day);
  const found: { unitId: string | null; entries: number; root: string }[] = [];
  let unit: { id: string | null; tree: ReturnType<typeof createRootBuilder> } | undefined;
  const finish = (): void => {
    if (unit) found.push({ unitId: unit.id, entries: unit.tree.size(), root: unit.tree.root().toString('hex') });
  };
  for await (const { unitId, hash } of readDay(tx, day)) {
    if (!unit || unit.id !== unitId) {
      finish();
      unit = { id: unitId, tree: createRootBuilder() };
    }
    unit.tree.add(hash);
  }
  finish();
  for (const one of found) await insertRoot(tx, scopeOf(one.unitId), await signedRoot(tx, { ...one, day }, key));
}

async function signedRoot(tx: Tx, { unitId, day, entries, root }: Pick<RootRow, 'unitId' | 'day' | 'entries' | 'root'>, key: AuditKey): Promise<RootRow> {
  const { code, previous } = await readPrevious(tx, { scope: scopeOf(unitId), unitId, day });
  const unit = unitId === null ? null : { id: unitId, code: code ?? '' };
  return { unitId, day, entries, root, ...signed(key, rootText({ type: 'daozhang-audit-root-v1', unit, day, entries, root, previous })) };
}
