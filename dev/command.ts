/** Runs a command line: what it throws is said in one line, and ends it with exit code 1. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

/** DATABASE_URL, of whoever the command works as. */
export function databaseUrl(): string {
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('DATABASE_URL: missing. Example: postgresql://user:password@host:5432/daozhang');
  return url;
}
