import { parseArgs } from 'node:util';
import { shanghaiDay } from '#domain/calendar.ts';
import { fileAuditExport } from '#platform/audit-export.ts';
import { openDatabase } from '#prisma/database.ts';
import { findUnitId, listUnitsBelow } from '#prisma/queries/audit-chain.ts';
import { verifyChains, type Break } from './audit/verify-chains.ts';
import { verifyRoots, type RootFilter } from './audit/verify-roots.ts';

/**
 * `npm run audit:verify [-- --claim NUMBER | --unit CODE] [--export DIR]`: whether the audit is what was written. Takes DATABASE_URL, of the worker: to others the
 * audit looks empty. Exit code 0: every link holds; 1: the first that does not is named, or nobody knows. With --export the roots that left the system are
 * compared too.
 */
try {
  const { values } = parseArgs({ options: { claim: { type: 'string' }, unit: { type: 'string' }, export: { type: 'string' } } });
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('DATABASE_URL: missing. Example: postgresql://user:password@host:5432/daozhang');
  if (values.claim !== undefined && values.unit !== undefined) throw new Error('--claim or --unit, not both');
  const database = openDatabase({ url, poolSize: 2, group: 'daozhang_worker' });
  try {
    const unitId = values.unit === undefined ? undefined : await findUnitId(database, values.unit);
    if (values.unit !== undefined && unitId === undefined) throw new Error(`there is no unit ${values.unit}`);
    const seen = new Set<string>();
    const filter = { ...(values.claim !== undefined && { claimNumber: values.claim }), ...(unitId !== undefined && { unitId }) };
    const chains = await verifyChains(database, filter, ({ columns }) => {
      if (values.claim !== undefined) seen.add(`${columns.unit} ${shanghaiDay(new Date(columns.recorded))}`);
    });
    if (values.claim !== undefined && chains.entries === 0 && !chains.broken) throw new Error(`there is no claim ${values.claim}`);
    const below = unitId === undefined ? undefined : await listUnitsBelow(database, unitId);
    const rootFilter: RootFilter = {
      ...(values.claim !== undefined && { isWanted: (unit, day) => seen.has(`${unit} ${day}`) }),
      ...(below && { isWanted: (unit) => unit !== null && below.has(unit) }),
    };
    const roots = chains.broken ? undefined : await verifyRoots(database, rootFilter, values.export === undefined ? undefined : fileAuditExport(values.export));
    const broken = chains.broken ?? roots?.broken;
    if (broken) {
      console.error(`BROKEN ${describe(broken)}`);
      process.exitCode = 1;
    } else {
      console.log(
        `ok: ${chains.entries} entries in ${chains.chains} chains, ${roots?.roots ?? 0} daily roots${roots?.keys.length ? `, signed by ${roots.keys.join(', ')}` : ''}`,
      );
    }
  } finally {
    await database.close();
  }
} catch (error) {
  console.error(`The audit could not be verified: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

function describe({ chain, no, what }: Break): string {
  return `${chain}${no === null ? '' : ` entry ${no}`}: ${what}`;
}
