/** An entry as its columns have it. Times in RFC 3339, UTC, to the millisecond; `actor` and `detail` as the database writes JSON. */
export type EntryColumns = {
  chain: string;
  no: number;
  /** hex; of the first entry of a chain zeros */
  prev: string;
  recorded: string;
  at: string;
  unit: string | null;
  claim: string | null;
  seq: number | null;
  employee: string | null;
  action: string;
  actor: string;
  detail: string;
};

/** What the first entry of a chain names as the hash before it. */
export const GENESIS = '0'.repeat(64);

/** What is hashed of an entry: the same text that the database made of these columns when it wrote them. */
export function entryText(entry: EntryColumns): string {
  const { chain, no, prev, recorded, at, unit, claim, seq, employee, action, actor, detail } = entry;
  const quoted = { chain, no, prev, recorded, at, unit, claim, seq, employee, action };
  return `${JSON.stringify(quoted).slice(0, -1)},"actor":${actor},"detail":${detail}}`;
}

/** The chain that an entry belongs to. */
export function chainOf({ employee, claim, unit }: Pick<EntryColumns, 'employee' | 'claim' | 'unit'>): string {
  if (employee !== null) return `person:${employee}`;
  return claim ?? (unit === null ? 'installation' : `unit:${unit}`);
}

/** The first column that does not say what the text says; `text` where the text is none of ours. */
export function differingColumn(text: string, entry: EntryColumns): string | undefined {
  if (text === entryText(entry)) return undefined;
  try {
    const said = JSON.parse(text) as Record<string, unknown>;
    const { actor, detail, ...plain } = entry;
    const columns: Record<string, unknown> = { ...plain, actor: JSON.parse(actor), detail: JSON.parse(detail) };
    return Object.keys(columns).find((name) => JSON.stringify(said[name]) !== JSON.stringify(columns[name])) ?? 'text';
  } catch {
    return 'text';
  }
}
