/** An error's class and code. Its message stays out of logs and tables: it may quote an address or a row. */
export function faultName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? ` ${error.code}` : '';
  return `${error.name}${code}`;
}
