/** A patch without the properties that were not sent, so that spreading it leaves those as they are. */
export function withoutAbsent<T extends object>(patch: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** What was written in this transaction and must be there. */
export async function mustFind<T>(found: Promise<T | undefined>): Promise<T> {
  const row = await found;
  if (row === undefined) throw new Error('a row that was just written is not there');
  return row;
}
