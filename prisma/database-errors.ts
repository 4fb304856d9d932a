/** SQLSTATE classes and codes that say "the database is away, stopping, or full", not "the statement is wrong". */
const AWAY = /^(08...|57P0[1-5]|53...|57014)$/;
const SOCKET = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
]);
/** pg says these in words alone. */
const WORDS = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout)/;
const MAX_CAUSES = 5;

/** Whether an error means that PostgreSQL cannot be reached just now. What was sent may or may not have been committed. */
export function isDatabaseAway(error: unknown): boolean {
  for (let each = error, depth = 0; each instanceof Error && depth < MAX_CAUSES; each = each.cause, depth += 1) {
    const code = 'code' in each && typeof each.code === 'string' ? each.code : '';
    if (AWAY.test(code) || AWAY.test(wrappedState(each)) || SOCKET.has(code) || WORDS.test(each.message)) return true;
    if (each instanceof AggregateError && each.errors.some(isDatabaseAway)) return true;
  }
  return false;
}

/** The SQLSTATE that Prisma keeps where it puts a code of its own on what PostgreSQL said. */
function wrappedState(error: Error): string {
  const { meta } = error as { meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } } };
  const state = meta?.driverAdapterError?.cause?.originalCode;
  return typeof state === 'string' ? state : '';
}

/** The name of the unique constraint that a statement broke, if that is what the error is. */
export function brokenConstraint(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== '23505') return undefined;
  return 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : undefined;
}
