import { createSecretKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { BureauCapabilities } from '#domain/bureau/gateway.ts';

/**
 * Which bureaus and banks there are, how they are reached and what they can do (GATEWAYS_FILE, docs/gateways.md). Regions differ by what stands
 * in this file, never by code. Secrets are named by file, not written into it, and are held as key objects, which no log can print.
 */
export type Institution = { code: string; name: string };

type Link = {
  code: string;
  name: { zh: string; en: string };
  url: string;
  accessKey: string;
  secret: KeyObject;
  callbackAccessKey: string;
  callbackSecret: KeyObject;
  ratePerSecond: number;
  timeoutSeconds: number;
};

/** `code` is the region's administrative code (医保区划). */
export type BureauDeclaration = Link & { capabilities: BureauCapabilities; pollEverySeconds: number };

export type BankDeclaration = Link & {
  payerAccount: string;
  payerName: string;
  customerId: string;
  userId: string;
  returnWindowSeconds: number;
  queryAfterSeconds: number;
  /** how often the statement is read; absent: every day at six in the morning */
  reconcileEverySeconds?: number | undefined;
  /** first digits of this bank's clearing numbers (联行号); payees there are paid within the bank. Absent: every payee counts as another bank's. */
  clearingPrefix?: string | undefined;
};

export type Gateways = { institution: Institution; bureaus: BureauDeclaration[]; banks: BankDeclaration[] };

const MIN_SECRET_BYTES = 16;

const word = z.string().regex(/^[0-9A-Za-z._-]{1,100}$/, 'must be 1 to 100 letters, digits, dots, - or _');
const label = z.string().trim().min(1).max(60);
const seconds = z.int().min(1).max(31_536_000);
const url = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !URL.canParse(text) || (new URL(text).username === '' && new URL(text).hash === ''), 'must carry no user and no fragment');

const link = {
  name: z.strictObject({ zh: label, en: label }),
  url,
  accessKey: word,
  secretFile: z.string().min(1),
  callbackAccessKey: word,
  callbackSecretFile: z.string().min(1),
  ratePerSecond: z.number().positive().max(10_000),
};

const bureau = z.strictObject({
  ...link,
  code: z.string().regex(/^\d{6}$/, 'must be an administrative code of six digits'),
  capabilities: z.strictObject({
    ...{ callbacks: z.boolean(), partialApproval: z.boolean(), batchQuery: z.boolean(), withdraw: z.boolean() },
    // came later than the others: a bureau that says nothing of it is not asked
    invoiceStates: z.boolean().default(false),
  }),
  pollEverySeconds: seconds,
  timeoutSeconds: z.number().positive().max(300).default(10),
});

const bank = z.strictObject({
  ...link,
  code: z.string().regex(/^[A-Z0-9]{2,12}$/, 'must be 2 to 12 capitals or digits'),
  payerAccount: z.string().regex(/^[0-9A-Za-z-]{1,32}$/, 'must be an account of at most 32 digits, letters or -'),
  payerName: label,
  customerId: word,
  userId: word,
  returnWindowSeconds: seconds,
  queryAfterSeconds: seconds,
  reconcileEverySeconds: seconds.optional(),
  clearingPrefix: z
    .string()
    .regex(/^\d{3,4}$/)
    .optional(),
  timeoutSeconds: z.number().positive().max(300).default(15),
});

const gatewaysFile = z.strictObject({
  institutionCode: z.string().regex(/^[0-9A-Za-z]{12}$/, 'must be the 12 characters that the gateway issued'),
  institutionName: z.string().trim().min(1).max(20),
  bureaus: z.array(bureau).min(1),
  banks: z.array(bank).min(1),
});

/**
 * Reads GATEWAYS_FILE and the secrets it names (paths relative to it; white space around a secret is not part of it).
 * Throws one Error that lists every problem found, without any secret's content.
 */
export async function readGateways(path: string): Promise<Gateways> {
  const parsed = gatewaysFile.safeParse(await readJson(path));
  if (!parsed.success)
    throw problemsIn(
      path,
      parsed.error.issues.map((issue) => `${issue.path.join('.') || '(file)'}: ${issue.message}`),
    );
  const file = parsed.data;
  const problems = [...repeated('bureaus', file.bureaus), ...repeated('banks', file.banks)];

  const secretAt = async (where: string, name: string): Promise<KeyObject> => {
    const secret = await readFile(resolve(dirname(path), name), 'utf8').then(
      (text) => text.trim(),
      (error: unknown) => error as Error,
    );
    if (secret instanceof Error) problems.push(`${where}: ${secret.message}`);
    else if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) problems.push(`${where}: ${name} holds fewer than ${MIN_SECRET_BYTES} bytes`);
    else return createSecretKey(secret, 'utf8');
    return createSecretKey(Buffer.alloc(MIN_SECRET_BYTES));
  };
  const withSecrets = async <T extends { secretFile: string; callbackSecretFile: string }>(where: string, declared: T) => {
    const { secretFile, callbackSecretFile, ...rest } = declared;
    const secret = await secretAt(`${where}.secretFile`, secretFile);
    return { ...rest, secret, callbackSecret: await secretAt(`${where}.callbackSecretFile`, callbackSecretFile) };
  };
  const bureaus = await Promise.all(file.bureaus.map((declared, index) => withSecrets(`bureaus.${index}`, declared)));
  const banks = await Promise.all(file.banks.map((declared, index) => withSecrets(`banks.${index}`, declared)));
  if (problems.length > 0) throw problemsIn(path, problems);
  return { institution: { code: file.institutionCode, name: file.institutionName }, bureaus, banks };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw problemsIn(path, [error instanceof SyntaxError ? 'not JSON' : String(error)]);
  }
}

function repeated(where: string, declared: readonly { code: string; callbackAccessKey: string }[]): string[] {
  return (['code', 'callbackAccessKey'] as const).flatMap((field) => {
    const values = declared.map((one) => one[field]);
    return values.flatMap((value, index) => (values.indexOf(value) < index ? [`${where}.${index}.${field}: used twice`] : []));
  });
}

const problemsIn = (path: string, problems: readonly string[]): Error => new Error([`${path} cannot be used:`, ...problems].join('\n  - '));
