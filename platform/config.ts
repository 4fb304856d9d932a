import type { KeyObject } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { isOrigin, isSecureUrl, signInConfig, signInProblems, type SignInConfig } from './sign-in-config.ts';
import { SUITES, type Suite } from './crypto/data-key.ts';
import { readKey } from './keys.ts';

/** How Temporal is reached. Neither TLS files nor an API key: in clear, as on one machine. */
export type TemporalConfig = {
  address: string;
  namespace: string;
  taskQueue: string;
  apiKey: string | undefined;
  tls: { caFile: string | undefined; certFile: string | undefined; keyFile: string | undefined } | undefined;
};

type SharedConfig = {
  databaseUrl: string;
  databasePoolSize: number;
  temporal: TemporalConfig;
  logLevel: z.infer<typeof logLevel>;
  documentDir: string;
  keysDir: string;
  /** undefined: the master keys are files in `keysDir` */
  masterKey: { current: KeyObject; others: KeyObject[] } | undefined;
  /** what is sealed from now on; everything older stays readable */
  fieldSuite: Suite;
};

type GatewayConfig = {
  gatewaysFile: string;
  /** Rulebooks, plans, catalogues and hospitals; undefined: those that come with the product. */
  rulebooksDir: string | undefined;
  /** Networks that webhooks may reach although they are not public: the employer's own systems. */
  webhookNetworks: string[];
};

export type ApiConfig = SharedConfig &
  GatewayConfig & {
    host: string;
    port: number;
    /** Addresses and CIDR blocks of the proxies whose X-Forwarded-For is believed. */
    trustProxy: string[];
    /** Requests a minute, over all processes: docs/operations.md. */
    rateLimits: { machine: number; person: number; open: number; callback: number; failed: number };
    /** Origins of pages that may show operators decoded payloads: Temporal's UI. */
    codecOrigins: string[];
    /** Where operators find a workflow in Temporal's own pages; undefined: no link is shown. */
    temporalUiUrl: string | undefined;
    /** Undefined: only API keys open doors. */
    signIn: SignInConfig | undefined;
  };

export type ReaderConfig = SharedConfig & {
  /** Where Prometheus reads the process's metrics; undefined: nowhere. */
  metricsPort: number | undefined;
};

export type WorkerConfig = ReaderConfig &
  GatewayConfig & {
    /** The workflow code bundled once per release; undefined: bundled at start. */
    workflowBundle: string | undefined;
    /** Whether reader processes run: claims wait for what they read. */
    reads: boolean;
    /** where the pages are; undefined: messages have no links */
    publicUrl: string | undefined;
    smtpUrl: string;
    mailFrom: string;
    /** Where the signed roots of the audit go. */
    auditExportDir: string;
  };

type Environment = Readonly<Record<string, string | undefined>>;

/** Names every variable that cannot be used and says why, never with its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly { variable: string; problem: string }[];

  constructor(problems: readonly { variable: string; problem: string }[]) {
    super(['The environment cannot be used:', ...problems.map((one) => `  ${one.variable}: ${one.problem}`)].join('\n'));
    this.problems = problems;
  }
}

const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);

const text = z.string({ error: 'missing' });
const port = wholeNumber(1, 65_535);
const file = text.refine(isReadable, 'no file that can be read');

function wholeNumber(min: number, max: number) {
  const problem = `must be a whole number from ${min} to ${max}`;
  return text
    .regex(/^\d{1,9}$/, problem)
    .transform(Number)
    .refine((value) => value >= min && value <= max, problem);
}

function url(protocols: readonly string[]) {
  const isUrl = (value: string) => URL.canParse(value) && protocols.includes(new URL(value).protocol.slice(0, -1));
  return text.refine(isUrl, `must be a URL starting with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`);
}

const addressBlocks = text
  .transform((list) =>
    list
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  )
  .refine((list) => list.every(isAddressBlock), 'must be addresses or CIDR blocks, separated by commas');

const visibleList = text.regex(/^[!-+\--~]+(\s*,\s*[!-+\--~]+)*$/, 'must be values without spaces, separated by commas');

const secretKey = text.transform((value, context) => {
  const key = readKey(value);
  if (key !== undefined) return key;
  context.addIssue({ code: 'custom', message: 'must be 32 bytes in Base64' });
  return z.NEVER;
});

const perMinute = wholeNumber(1, 10_000_000);

const originList = text
  .transform((list) =>
    list
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  )
  .refine((list) => list.every(isOrigin), 'must be origins (https://host, http:// on this machine alone), separated by commas')
  .transform((list) => list.map((entry) => new URL(entry).origin));

const shared = {
  DATABASE_URL: url(['postgresql', 'postgres']),
  DATABASE_POOL_SIZE: wholeNumber(1, 1_000).default(10),
  TEMPORAL_ADDRESS: text.regex(/^(\[[0-9A-Fa-f:]+\]|[^\s:/[\]]+):\d{1,5}$/, 'must be host:port').default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: text.default('default'),
  TEMPORAL_TLS_CA_FILE: file.optional(),
  TEMPORAL_TLS_CERT_FILE: file.optional(),
  TEMPORAL_TLS_KEY_FILE: file.optional(),
  TEMPORAL_API_KEY: text.optional(),
  TEMPORAL_TASK_QUEUE: text.default('claims'),
  LOG_LEVEL: logLevel.default('info'),
  DOCUMENT_DIR: text,
  KEYS_DIR: text,
  MASTER_KEY: secretKey.optional(),
  MASTER_KEYS_OLD: text
    .transform((list) => list.split(','))
    .pipe(z.array(secretKey))
    .default([]),
  FIELD_SUITE: z.enum(SUITES).default('aes-256-gcm'),
};

const gateways = {
  GATEWAYS_FILE: file,
  RULEBOOKS_DIR: text.optional(),
  WEBHOOK_NETWORKS: addressBlocks.default([]),
};

/** Where the pages are: of the API for sign-in, of the worker for links in messages. */
const publicUrl = text.refine(isOrigin, 'must be https:// and a host, nothing after it (http:// on this machine alone)');

const apiVariables = z.object({
  ...shared,
  ...gateways,
  HTTP_HOST: text.default('127.0.0.1'),
  HTTP_PORT: port.default(8080),
  TRUST_PROXY: addressBlocks.default([]),
  RATE_LIMIT_MACHINE: perMinute.default(30_000),
  RATE_LIMIT_PERSON: perMinute.default(1_200),
  RATE_LIMIT_OPEN: perMinute.default(3_000),
  RATE_LIMIT_CALLBACK: perMinute.default(30_000),
  RATE_LIMIT_FAILED: perMinute.default(600),
  CODEC_ORIGINS: originList.default([]),
  TEMPORAL_UI_URL: url(['http', 'https']).optional(),
  PUBLIC_URL: publicUrl.optional(),
  OIDC_ISSUER: text.refine(isSecureUrl, 'must be a URL starting with https:// (http:// on this machine alone)').optional(),
  OIDC_CLIENT_ID: text.optional(),
  OIDC_CLIENT_SECRET: text.optional(),
  OIDC_CLIENT_SECRET_FILE: file.optional(),
  OIDC_EMPLOYEE_CLAIM: text.default('employee_no'),
  OIDC_SECOND_FACTOR_ACR: visibleList.default('http://schemas.openid.net/pape/policies/2007/06/multi-factor'),
  OAUTH_AUDIENCE: text.optional(),
  SESSION_IDLE_MINUTES: wholeNumber(1, 1_440).default(30),
  SESSION_HOURS: wholeNumber(1, 168).default(12),
});

const metrics = {
  METRICS_PORT: port.optional(),
};

const readerVariables = z.object({ ...shared, ...metrics });

const workerVariables = z.object({
  ...shared,
  ...metrics,
  ...gateways,
  WORKFLOW_BUNDLE: file.optional(),
  READERS: z.enum(['yes', 'no'], { error: 'must be yes or no' }).default('yes'),
  PUBLIC_URL: publicUrl.optional(),
  SMTP_URL: url(['smtp', 'smtps']),
  MAIL_FROM: text.regex(/^([^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/, 'must be an address, or a name with <an address>'),
  AUDIT_EXPORT_DIR: text,
});

/** Reads what the API needs. Throws one `ConfigError` for everything that is wrong. */
export function readApiConfig(env: Environment): ApiConfig {
  const values = parse(apiVariables, env, signInProblems);
  return {
    ...sharedConfig(values),
    ...gatewayConfig(values),
    host: values.HTTP_HOST,
    port: values.HTTP_PORT,
    trustProxy: values.TRUST_PROXY,
    rateLimits: {
      machine: values.RATE_LIMIT_MACHINE,
      person: values.RATE_LIMIT_PERSON,
      open: values.RATE_LIMIT_OPEN,
      callback: values.RATE_LIMIT_CALLBACK,
      failed: values.RATE_LIMIT_FAILED,
    },
    codecOrigins: values.CODEC_ORIGINS,
    temporalUiUrl: values.TEMPORAL_UI_URL,
    signIn: signInConfig(values),
  };
}

/** Reads what a reader needs. Throws one `ConfigError` for everything that is wrong. */
export function readReaderConfig(env: Environment): ReaderConfig {
  const values = parse(readerVariables, env);
  return { ...sharedConfig(values), metricsPort: values.METRICS_PORT };
}

/** Reads what a worker needs. Throws one `ConfigError` for everything that is wrong. */
export function readWorkerConfig(env: Environment): WorkerConfig {
  const values = parse(workerVariables, env);
  return {
    ...sharedConfig(values),
    ...gatewayConfig(values),
    metricsPort: values.METRICS_PORT,
    workflowBundle: values.WORKFLOW_BUNDLE,
    reads: values.READERS === 'yes',
    publicUrl: values.PUBLIC_URL && new URL(values.PUBLIC_URL).origin,
    smtpUrl: values.SMTP_URL,
    mailFrom: values.MAIL_FROM,
    auditExportDir: values.AUDIT_EXPORT_DIR,
  };
}

type Problems = { variable: string; problem: string }[];

/** `together`: what is wrong with variables that each by itself could be right. */
function parse<T extends z.ZodObject>(schema: T, env: Environment, together: (filled: Environment) => Problems = () => []): z.infer<T> {
  // A line `NAME=` in an environment file means that nothing was filled in.
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(filled);
  const problems: Problems = (parsed.error?.issues ?? []).map(({ path, message }) => ({ variable: String(path[0]), problem: message }));
  for (const [variable, other] of [
    ['TEMPORAL_TLS_CERT_FILE', 'TEMPORAL_TLS_KEY_FILE'],
    ['TEMPORAL_TLS_KEY_FILE', 'TEMPORAL_TLS_CERT_FILE'],
    ['MASTER_KEY', 'MASTER_KEYS_OLD'],
  ] as const) {
    if (filled[variable] === undefined && filled[other] !== undefined) problems.push({ variable, problem: `missing, but ${other} is set` });
  }
  problems.push(...together(filled));
  if (parsed.data === undefined || problems.length > 0) throw new ConfigError(problems);
  return parsed.data;
}

function sharedConfig(values: z.infer<z.ZodObject<typeof shared>>): SharedConfig {
  const [caFile, certFile, keyFile] = [values.TEMPORAL_TLS_CA_FILE, values.TEMPORAL_TLS_CERT_FILE, values.TEMPORAL_TLS_KEY_FILE];
  return {
    databaseUrl: values.DATABASE_URL,
    databasePoolSize: values.DATABASE_POOL_SIZE,
    temporal: {
      address: values.TEMPORAL_ADDRESS,
      namespace: values.TEMPORAL_NAMESPACE,
      taskQueue: values.TEMPORAL_TASK_QUEUE,
      apiKey: values.TEMPORAL_API_KEY,
      tls: caFile === undefined && certFile === undefined ? undefined : { caFile, certFile, keyFile },
    },
    logLevel: values.LOG_LEVEL,
    documentDir: values.DOCUMENT_DIR,
    keysDir: values.KEYS_DIR,
    masterKey: values.MASTER_KEY && { current: values.MASTER_KEY, others: values.MASTER_KEYS_OLD },
    fieldSuite: values.FIELD_SUITE,
  };
}

function gatewayConfig(values: z.infer<z.ZodObject<typeof gateways>>): GatewayConfig {
  return { gatewaysFile: values.GATEWAYS_FILE, rulebooksDir: values.RULEBOOKS_DIR, webhookNetworks: values.WEBHOOK_NETWORKS };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function isAddressBlock(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
