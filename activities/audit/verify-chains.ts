import { createHash } from 'node:crypto';
import { chainOf, differingColumn, GENESIS } from '#domain/audit/entry.ts';
import { MOVE_TYPES } from '#domain/claim/moves.ts';
import type { Database } from '#prisma/database.ts';
import { findUnaudited, readChains, type ChainFilter, type ChainRow } from '#prisma/queries/audit-chain.ts';

const BATCH = 1_000;

/** The first thing that is wrong: in which chain, with which entry (null: with none of its own), and what. */
export type Break = { chain: string; no: number | null; what: string };

/** Where the reading of a chain has got to. */
type Position = { chain: string; no: number; hash: string; seq: number; claimSeq: number | null };

const START = (chain: string): Position => ({ chain, no: 0, hash: GENESIS, seq: 0, claimSeq: null });

/** How the parts of a transition's entry are called in claim_event. */
const EVENT_COLUMNS: Record<string, string> = {
  ...{ from: 'from_state', to: 'to_state', remark: 'remark', params: 'remark_params', turn: 'turn', due: 'due_at', about: 'detail' },
};

/**
 * Recomputes every link from what is stored, compares the stored text with the columns and the transitions with their entries, and says what is wrong
 * first. Reads in batches, whatever the number of entries. `onEntry` hears of every entry that is right.
 */
export async function verifyChains(
  db: Pick<Database, 'query'>,
  filter: ChainFilter,
  onEntry: (entry: ChainRow) => void = () => undefined,
): Promise<{ chains: number; entries: number; broken: Break | null }> {
  const sum = { chains: 0, entries: 0 };
  let position = START('');
  for (;;) {
    const rows = await readChains(db, filter, position, BATCH);
    for (const row of rows) {
      if (row.columns.chain !== position.chain) {
        const broken = tailFault(position);
        if (broken) return { ...sum, broken };
        position = START(row.columns.chain);
        sum.chains += 1;
      }
      const broken = faultOf(row, position);
      if (broken) return { ...sum, broken };
      onEntry(row);
      const { no, seq } = row.columns;
      position = { ...position, no, hash: row.hash, claimSeq: row.claimSeq, ...(isTransition(row) && seq !== null && { seq }) };
      sum.entries += 1;
    }
    if (rows.length < BATCH) break;
  }
  const broken = tailFault(position) ?? (await missingFault(db, filter));
  return { ...sum, broken };
}

/** What is wrong with an entry that should follow `before`. */
function faultOf(row: ChainRow, before: Position): Break | undefined {
  const { columns, text, hash } = row;
  const { chain, no } = columns;
  const at = (what: string): Break => ({ chain, no, what });
  if (no !== before.no + 1) return { chain, no: before.no + 1, what: 'is missing' };
  if (columns.prev !== before.hash) return at('does not name the hash of the entry before it');
  if (createHash('sha256').update(text).digest('hex') !== hash) return at('has another hash than its text');
  const column = differingColumn(text, columns);
  if (column === 'text') return at('has a text that its columns do not make');
  if (column !== undefined) return at(`says something else in the column ${column} than in its text`);
  if (chainOf(columns) !== chain) return at('belongs to another chain');
  return isTransition(row) ? transitionFault(row, before) : undefined;
}

function transitionFault({ columns, event }: ChainRow, before: Position): Break | undefined {
  const { chain, no, seq, action, at, actor, detail } = columns;
  const fault = (what: string): Break => ({ chain, no, what });
  if (seq !== before.seq + 1) return fault(`is transition ${seq}, after transition ${before.seq}`);
  if (!event) return fault(`has no claim_event ${seq}`);
  const differing =
    (event.type !== action && 'type') ||
    (event.at !== at && 'at') ||
    (event.actor !== actor && 'actor') ||
    (event.detail !== detail && differingPart(event.detail, detail));
  return differing ? fault(`says something else than the ${differing} of claim_event ${seq}`) : undefined;
}

function differingPart(event: string, detail: string): string {
  const told = JSON.parse(event) as Record<string, unknown>;
  const kept = JSON.parse(detail) as Record<string, unknown>;
  const part = Object.keys(EVENT_COLUMNS).find((name) => JSON.stringify(told[name]) !== JSON.stringify(kept[name]));
  return (part !== undefined && EVENT_COLUMNS[part]) || 'detail';
}

const isTransition = ({ columns }: ChainRow): boolean => columns.employee === null && columns.seq !== null && (MOVE_TYPES as string[]).includes(columns.action);

/** An entry can be cut off at the end without a trace in the chain; the claim knows how far it came. */
function tailFault({ chain, no, seq, claimSeq }: Position): Break | undefined {
  if (claimSeq === null || claimSeq === seq) return undefined;
  return { chain, no: no + 1, what: `is missing: the chain ends with transition ${seq}, the claim has made ${claimSeq}` };
}

async function missingFault(db: Pick<Database, 'query'>, filter: ChainFilter): Promise<Break | null> {
  const missing = await findUnaudited(db, filter);
  return missing ? { chain: missing.claimNumber, no: null, what: `has no entry of transition ${missing.seq} (${missing.type})` } : null;
}
