import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';

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
  gatewaysFile: string;
  /** Networks that webhooks may reach although they are not public: the employer's own systems. */
  webhookNetworks: string[];
};

export type ApiConfig = SharedConfig & {
  host: string;
  port: number;
  /** Addresses and CIDR blocks of the proxies whose X-Forwarded-For is believed. */
  trustProxy: string[];
};

export type WorkerConfig = SharedConfig & {
  /** Where Prometheus reads the worker's metrics; undefined: nowhere. */
  metricsPort: number | undefined;
  /** The workflow code bundled once per release; undefined: bundled at start. */
  workflowBundle: string | undefined;
  smtpUrl: string;
  mailFrom: string;
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
  GATEWAYS_FILE: file,
  WEBHOOK_NETWORKS: addressBlocks.default([]),
};

const apiVariables = z.object({
  ...shared,
  HTTP_HOST: text.default('127.0.0.1'),
  HTTP_PORT: port.default(8080),
  TRUST_PROXY: addressBlocks.default([]),
});

const workerVariables = z.object({
  ...shared,
  METRICS_PORT: port.optional(),
  WORKFLOW_BUNDLE: file.optional(),
  SMTP_URL: url(['smtp', 'smtps']),
  MAIL_FROM: text.regex(/^([^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/, 'must be an address, or a name with <an address>'),
});

/** Reads what the API needs. Throws one `ConfigError` for everything that is wrong. */
export function readApiConfig(env: Environment): ApiConfig {
  const values = parse(apiVariables, env);
  return { ...sharedConfig(values), host: values.HTTP_HOST, port: values.HTTP_PORT, trustProxy: values.TRUST_PROXY };
}

/** Reads what a worker needs. Throws one `ConfigError` for everything that is wrong. */
export function readWorkerConfig(env: Environment): WorkerConfig {
  const values = parse(workerVariables, env);
  return {
    ...sharedConfig(values),
    metricsPort: values.METRICS_PORT,
    workflowBundle: values.WORKFLOW_BUNDLE,
    smtpUrl: values.SMTP_URL,
    mailFrom: values.MAIL_FROM,
  };
}

function parse<T extends z.ZodObject>(schema: T, env: Environment): z.infer<T> {
  // A line `NAME=` in an environment file means that nothing was filled in.
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(filled);
  const problems = (parsed.error?.issues ?? []).map(({ path, message }) => ({ variable: String(path[0]), problem: message }));
  for (const [variable, other] of [
    ['TEMPORAL_TLS_CERT_FILE', 'TEMPORAL_TLS_KEY_FILE'],
    ['TEMPORAL_TLS_KEY_FILE', 'TEMPORAL_TLS_CERT_FILE'],
  ] as const) {
    if (filled[variable] === undefined && filled[other] !== undefined) problems.push({ variable, problem: `missing, but ${other} is set` });
  }
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
    gatewaysFile: values.GATEWAYS_FILE,
    webhookNetworks: values.WEBHOOK_NETWORKS,
  };
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
