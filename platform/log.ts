import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Fields that must not reach a log at whatever depth code has put them: secrets, and what says who a person is. */
const secretFields = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'apiKey',
  'databaseUrl',
  'smtpUrl',
  'identityNo',
  'personNo',
  'employeeNo',
  'phone',
  'email',
  'accountNo',
  'accountName',
  'diagnosis',
];

/** A logger that writes JSON lines to standard output, or to `destination`. */
export function createLogger(options: { name: string; level: string; destination?: DestinationStream }): Logger {
  const settings = {
    level: options.level,
    base: { process: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `*.*.*.${field}`]), censor: '[removed]' },
    serializers: { err: describeError },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}

export type ErrorDescription = {
  type: string;
  message: string;
  code?: string;
  constraint?: string;
  /** Calls only: the first line of a stack repeats the message. */
  stack?: string[];
  cause?: ErrorDescription;
};

/**
 * What a log may say of an error. PostgreSQL and Prisma quote the values they choked on, in fields of their own and
 * inside their messages, and those values are people's.
 */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return {
    type: error.name,
    message: withoutValues(error),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof constraint === 'string' ? { constraint } : {}),
    ...(error.stack === undefined
      ? {}
      : {
          stack: error.stack
            .split('\n')
            .filter((line) => /^\s+at /.test(line))
            .map((line) => line.trim()),
        }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

function withoutValues(error: Error): string {
  if (error.name.startsWith('Prisma')) return error.message.trim().split('\n').at(-1) ?? '';
  // PostgreSQL's classes 22 (data) and 23 (constraints) quote values as well as names.
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  const quotes = typeof severity === 'string' && typeof code === 'string' && /^2[23]/.test(code);
  return quotes ? error.message.replaceAll(/"[^"]*"/g, '"…"') : error.message;
}
