/** A patch without the properties that were not sent, so that spreading it leaves those as they are. */
export function withoutAbsent<T extends object>(patch: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

const OF_THE_ROW = ['id', 'unitId', 'unitAncestors', 'parentId', 'ancestorIds', 'version', 'createdAt'];

/** The names of the fields that differ, for the audit: what they were may be personal. `settings` and such count as changed where their JSON differs. */
export function changedFields<T extends object>(was: T, is: T): string[] {
  const after = new Map(Object.entries(is));
  return Object.entries(was).flatMap(([name, value]) => (OF_THE_ROW.includes(name) || JSON.stringify(value) === JSON.stringify(after.get(name)) ? [] : [name]));
}

/** What was written in this transaction and must be there. */
export async function mustFind<T>(found: Promise<T | undefined>): Promise<T> {
  const row = await found;
  if (row === undefined) throw new Error('a row that was just written is not there');
  return row;
}
