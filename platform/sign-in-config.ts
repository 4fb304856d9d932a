import { readFileSync } from 'node:fs';

/** Where people sign in and machines get their tokens. */
export type SignInConfig = {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** the origin under which browsers reach us, without a slash at its end */
  publicUrl: string;
  /** the claim of the ID token that holds the employee number */
  employeeClaim: string;
  /** values of `acr` that mean a second factor; the first is asked for where one is needed */
  secondFactorAcr: readonly [string, ...string[]];
  sessionIdleMinutes: number;
  sessionHours: number;
  /** what access tokens of machines must be meant for; undefined: none is accepted */
  audience: string | undefined;
};

/** The variables as platform/config.ts has read them. */
export type SignInVariables = {
  OIDC_ISSUER?: string | undefined;
  OIDC_CLIENT_ID?: string | undefined;
  OIDC_CLIENT_SECRET?: string | undefined;
  OIDC_CLIENT_SECRET_FILE?: string | undefined;
  OIDC_EMPLOYEE_CLAIM: string;
  OIDC_SECOND_FACTOR_ACR: string;
  PUBLIC_URL?: string | undefined;
  OAUTH_AUDIENCE?: string | undefined;
  SESSION_IDLE_MINUTES: number;
  SESSION_HOURS: number;
};

const TOGETHER = ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'PUBLIC_URL'] as const;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** What is set only by half, or cannot go together. Nothing set at all is no problem: then only API keys open doors. */
export function signInProblems(values: Readonly<Record<string, string | undefined>>): { variable: string; problem: string }[] {
  const { OIDC_CLIENT_SECRET: secret, OIDC_CLIENT_SECRET_FILE: secretFile } = values;
  const touched = [...TOGETHER, 'OIDC_CLIENT_SECRET', 'OIDC_CLIENT_SECRET_FILE', 'OAUTH_AUDIENCE'] as const;
  const named = touched.find((variable) => values[variable] !== undefined);
  if (named === undefined) return [];
  const missing: string[] = TOGETHER.filter((variable) => values[variable] === undefined);
  if (secret === undefined && secretFile === undefined) missing.push('OIDC_CLIENT_SECRET_FILE');
  const problems = missing.map((variable) => ({ variable, problem: `missing, but ${named} is set` }));
  if (secret !== undefined && secretFile !== undefined) problems.push({ variable: 'OIDC_CLIENT_SECRET', problem: 'OIDC_CLIENT_SECRET_FILE is set as well' });
  return problems;
}

/** Undefined where no identity provider is configured. The variables have passed `signInProblems`. */
export function signInConfig(values: SignInVariables): SignInConfig | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, PUBLIC_URL: publicUrl, OIDC_CLIENT_SECRET_FILE: secretFile } = values;
  if (issuer === undefined || clientId === undefined || publicUrl === undefined) return undefined;
  const [first = '', ...more] = values.OIDC_SECOND_FACTOR_ACR.split(',').map((each) => each.trim());
  return {
    ...{ issuer, clientId, publicUrl: new URL(publicUrl).origin },
    clientSecret: values.OIDC_CLIENT_SECRET ?? readFileSync(secretFile ?? '', 'utf8').trim(),
    employeeClaim: values.OIDC_EMPLOYEE_CLAIM,
    secondFactorAcr: [first, ...more],
    sessionIdleMinutes: values.SESSION_IDLE_MINUTES,
    sessionHours: values.SESSION_HOURS,
    audience: values.OAUTH_AUDIENCE,
  };
}

/** https, or http to this very machine: a code or a token in clear is anybody's. */
export function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}

/** Scheme, host and port alone: cookies and return addresses are of an origin. */
export function isOrigin(text: string): boolean {
  if (!isSecureUrl(text)) return false;
  const { pathname, search } = new URL(text);
  return pathname === '/' && search === '';
}
