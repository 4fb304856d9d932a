import { rootFile, rootText, scopeOf, type RootStatement } from '#domain/audit/root.ts';
import { addDays, type Day } from '#domain/calendar.ts';
import type { AuditExport } from '#platform/audit-export.ts';
import { isSigned, type Signed } from '#platform/audit-key.ts';
import { createRootBuilder } from '#platform/merkle.ts';
import type { Database } from '#prisma/database.ts';
import { auditedDays, listRoots, readDay, type RootRow } from '#prisma/queries/audit-roots.ts';
import { exportedText } from './seal-days.ts';
import type { Break } from './verify-chains.ts';

/** Which days and units: of all where it is absent. */
export type RootFilter = { isWanted?: (unitId: string | null, day: Day) => boolean };

type Counted = { unitId: string | null; entries: number; root: string };

/**
 * Recomputes the roots of every sealed day from the hashes, and compares them with what was signed and, where there is an export, with what was given away:
 * a chain that was rewritten from some entry on fits in itself, but not the root of its day. Each root must name the stored one before it: a day that was removed
 * with its root is missed by the next of its unit, and the last day by the export alone. One day at a time, whatever its size.
 */
export async function verifyRoots(
  database: Database,
  { isWanted = () => true }: RootFilter,
  auditExport?: AuditExport,
): Promise<{ roots: number; keys: string[]; broken: Break | null }> {
  const keys = new Set<string>();
  const before = new Map<string, Previous>();
  let roots = 0;
  const days = await daysOf(database, auditExport);
  for (let day = days?.from; days && day !== undefined && day <= days.to; day = addDays(day, 1)) {
    const today = day;
    const wanted = ({ unitId }: { unitId: string | null }): boolean => isWanted(unitId, today);
    const ofDay = await listRoots(database, { day });
    const stored = new Map(ofDay.filter(wanted).map((row) => [scopeOf(row.unitId), row]));
    const exported = new Map((await readExport(auditExport, day)).filter(wanted).map((file) => [scopeOf(file.unitId), file]));
    const counted =
      exported.size > 0 || (days.sealedTo !== null && day <= days.sealedTo)
        ? (await countDay(database, day, wanted)).map((one) => [scopeOf(one.unitId), one] as const)
        : [];
    const computed = new Map(counted);
    for (const scope of new Set([...computed.keys(), ...stored.keys(), ...exported.keys()])) {
      const found = { day, computed: computed.get(scope), stored: stored.get(scope), exported: exported.get(scope), previous: before.get(scope) ?? null };
      const what = faultOf(found, auditExport !== undefined);
      if (what !== undefined) return { roots, keys: [...keys], broken: { chain: scope, no: null, what: `${day}: ${what}` } };
      const keyId = stored.get(scope)?.keyId;
      if (keyId !== undefined) keys.add(keyId);
      roots += 1;
    }
    // of all units, whatever is wanted: the series has to be complete
    for (const { scope, root } of ofDay) before.set(scope, { day, root });
  }
  return { roots, keys: [...keys], broken: null };
}

type Previous = { day: Day; root: string };
type Exported = { unitId: string | null; text: string; root: Signed; trusted: boolean };

function faultOf(
  found: { day: Day; computed?: Counted | undefined; stored?: RootRow | undefined; exported?: Exported | undefined; previous: Previous | null },
  withExport: boolean,
): string | undefined {
  const { computed, stored, exported, previous } = found;
  if (exported) {
    if (!isSigned(exported.root) || !exported.trusted) return 'the exported root is not signed by the key that is exported with it';
    if (!computed) return 'the exported root has entries, the database has none';
    if (JSON.stringify(countsOf(said(exported.root))) !== JSON.stringify([found.day, computed.unitId, computed.entries, computed.root]))
      return 'the exported root is another one';
  }
  if (!stored) return 'has entries and no root';
  if (!isSigned(stored)) return 'the signature of the root is wrong';
  if (!computed) return `the root counts ${stored.entries} entries, the database has none`;
  const expected = [found.day, computed.unitId, computed.entries, computed.root];
  const told = said(stored);
  if (JSON.stringify(countsOf(told)) !== JSON.stringify(expected)) return 'the root is another one';
  if (JSON.stringify([found.day, stored.unitId, stored.entries, stored.root]) !== JSON.stringify(expected))
    return 'the columns of the root do not say what was signed';
  if (told?.previous?.day !== previous?.day)
    return `the root follows that of ${told?.previous?.day ?? 'no day'}, the stored one before it is of ${previous?.day ?? 'no day'}`;
  if (told?.previous?.root !== previous?.root) return `the root follows another one of ${previous?.day} than the stored one`;
  if (withExport && !exported) return 'the root is not in the export';
  return exported && exported.text !== exportedText(stored) ? 'the exported root is another one than the stored one' : undefined;
}

/** What a signed text says, if it is one of ours. */
function said({ statement }: Signed): RootStatement | undefined {
  try {
    const told = JSON.parse(statement) as RootStatement;
    return rootText(told) === statement ? told : undefined;
  } catch {
    return undefined;
  }
}

const countsOf = (told: RootStatement | undefined): unknown[] | undefined => told && [told.day, told.unit?.id ?? null, told.entries, told.root];

async function countDay(database: Database, day: Day, wanted: (one: { unitId: string | null }) => boolean): Promise<Counted[]> {
  return database.write(async (tx) => {
    const trees = new Map<string | null, ReturnType<typeof createRootBuilder>>();
    for await (const { unitId, hash } of readDay(tx, day)) {
      if (!wanted({ unitId })) continue;
      const tree = trees.get(unitId) ?? createRootBuilder();
      trees.set(unitId, tree);
      tree.add(hash);
    }
    return [...trees].map(([unitId, tree]) => ({ unitId, entries: tree.size(), root: tree.root().toString('hex') }));
  });
}

async function readExport(auditExport: AuditExport | undefined, day: Day): Promise<Exported[]> {
  if (!auditExport) return [];
  const names = await auditExport.list(`${day.slice(0, 4)}/${day}`);
  return Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => {
        const unitId = name === 'installation.json' ? null : name.slice(0, -'.json'.length);
        const text = (await auditExport.get(rootFile({ unitId, day }))) ?? '';
        const root = parsed(text);
        return { unitId, text, root, trusted: (await auditExport.get(`keys/${root.keyId}.pem`)) === root.publicKey };
      }),
  );
}

function parsed(text: string): Signed {
  try {
    return JSON.parse(text) as Signed;
  } catch {
    return { statement: '', signature: '', keyId: '', publicKey: '' };
  }
}

/** From the first day to the last that the database or the export knows. */
async function daysOf(database: Database, auditExport: AuditExport | undefined): Promise<{ from: Day; to: Day; sealedTo: Day | null } | undefined> {
  const stored = await auditedDays(database);
  const years = ((await auditExport?.list('')) ?? []).filter((name) => /^\d{4}$/.test(name));
  const ends = [years[0], years.at(-1)].filter((year) => year !== undefined);
  const exported = (await Promise.all(ends.map(async (year) => (await auditExport?.list(year)) ?? []))).flat().toSorted();
  const from = [stored?.from, exported[0]].filter((day) => day !== undefined).toSorted()[0];
  const to = [stored?.to, exported.at(-1)]
    .filter((day) => day !== undefined)
    .toSorted()
    .at(-1);
  return from !== undefined && to !== undefined ? { from, to, sealedTo: stored?.sealedTo ?? null } : undefined;
}
