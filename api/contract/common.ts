import { z } from 'zod';
import { ERROR_CODES, ERRORS, type ErrorCode } from '#domain/errors.ts';

/**
 * The building blocks of every request and response. Requests are strict: an unknown property is refused, never dropped. Responses are plain
 * JSON values (strings for amounts and times), so that a stored answer can be given again as it is.
 */

// Postgres takes neither NUL nor half a surrogate pair, and control characters have no business in a name.
// oxlint-disable-next-line no-control-regex -- to keep them out
const ONE_LINE = /^[^\u0000-\u001f\u007f]*$/;
// oxlint-disable-next-line no-control-regex -- to keep them out
const SEVERAL_LINES = /^[^\u0000-\u0009\u000b-\u001f\u007f]*$/;
// not in the patterns: they stand in /openapi.json, and few of those who read it know a class of surrogates
const wellFormed = (text: string): boolean => text.isWellFormed();

// A year 0 is a date to many, but not to Postgres.
const ofThisAge = (text: string): boolean => text >= '1900';
// No clock is more than 14 hours off, and Postgres takes no offset of 16.
const ofThisEarth = (text: string): boolean => !/[+-](1[5-9]|2\d):\d\d$/.test(text);

/** One line of text, not blank. `max` in characters. */
export const line = (max: number) => z.string().trim().min(1).max(max).regex(ONE_LINE).refine(wellFormed);
/** Text that may have line breaks; may be empty. */
export const note = (max: number) => z.string().trim().max(max).regex(SEVERAL_LINES).refine(wellFormed);
/** A code that other systems know something by: visible ASCII. */
export const code = (max: number) => z.string().regex(new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${max - 1}}$`));

/** Decimal yuan, at most two places, not negative; read it with `parseYuan`. */
export const yuan = z
  .string()
  .regex(/^\d{1,10}(\.\d{1,2})?$/, 'no amount in yuan: at most ten digits and two decimal places, not negative')
  .meta({ id: 'Yuan', description: 'Decimal yuan with at most two places', example: '526.00' });
/** A day of the Chinese calendar, `yyyy-MM-dd`. */
export const day = z.iso.date().refine(ofThisAge).meta({ example: '2026-11-18' });
/** RFC 3339 with offset. */
export const time = z.iso.datetime({ offset: true }).refine(ofThisAge).refine(ofThisEarth).meta({ example: '2026-11-18T01:30:00.000Z' });
export const uuid = z.uuid();
/** The six digits of an administrative division (行政区划代码). */
export const region = z
  .string()
  .regex(/^\d{6}$/, 'no region: six digits')
  .meta({ description: 'Administrative division, six digits', example: '130100' });
export const claimNumber = z
  .string()
  .regex(/^YB\d{8}-\d{8}$/)
  .meta({ description: 'Number of a claim', example: 'YB20261118-00000007' });
export const unitCode = code(40).meta({ description: 'Code of an organisation unit', example: 'SJZ-01' });
export const employeeNo = code(40).meta({ description: 'The number that the HR system knows a person by', example: 'E10001' });
/** A text in both languages. */
export const bilingual = z.strictObject({ zh: z.string(), en: z.string() }).meta({ id: 'Bilingual' });

export const actor = z
  .strictObject({
    type: z.enum(['system', 'machine', 'person', 'bureau', 'bank']),
    id: z.string(),
    onBehalfOf: z.string().optional(),
    via: z.string().optional(),
  })
  .meta({
    id: 'Actor',
    description: 'Who did something; `onBehalfOf` is the absent person for whom somebody stood in, `via` the machine that acted for a person',
  });

/** `?limit=&cursor=` */
export const pageQuery = { limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.string().max(500).optional() };
/** `{ items, nextCursor }`; `nextCursor` is null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) => z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

/** What a 204 answers. */
export const noContent = z.undefined().meta({ description: 'Done' });

/** `?flag=true`: z.coerce.boolean would take "false" for true. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

const HEADERS = {
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .meta({
      description: 'Names this request: sent again with the same key it gives the same answer and is carried out once.',
      example: '5b0c7a1e-4f7d-4d52-9c56-4a2b4f0a4b7e',
    }),
  'if-match': z
    .string()
    .regex(/^"\d{1,15}"$/)
    .meta({ description: 'The ETag that was read before', example: '"3"' }),
} as const;
const ACTOR_HEADER = { 'daozhang-actor': employeeNo.optional().meta({ description: 'Employee number of the person for whom the key acts (scope act-for)' }) };

/**
 * The headers schema of a route. Missing ones are answered with IDEMPOTENCY_KEY_MISSING and PRECONDITION_REQUIRED.
 * Loose, because requests carry many other headers.
 */
export const headers = <Name extends keyof typeof HEADERS = never>(...names: Name[]) =>
  z.looseObject({
    ...(Object.fromEntries(names.map((name) => [name, HEADERS[name]])) as Pick<typeof HEADERS, Name>),
    ...ACTOR_HEADER,
  });

/** The version inside an If-Match header that has passed the schema. */
export const versionOf = (ifMatch: string): number => Number(ifMatch.slice(1, -1));
export const etag = (version: number): string => `"${version}"`;

export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(ERROR_CODES),
    detail: z.string().optional(),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])).optional(),
    errors: z.array(z.strictObject({ path: z.string(), code: z.string(), message: z.string() })).optional(),
    retryable: z.literal(true).optional(),
    instance: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457; `code` is one of the catalogue in docs/errors.md' });
export type Problem = z.output<typeof problem>;

type ProblemResponse = { description: string; content: { 'application/problem+json': { schema: typeof problem } } };

/** Refusals that any route may give. */
const ALWAYS: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'UNAUTHENTICATED',
  'SCOPE_MISSING',
  'ACTOR_OUTSIDE_UNIT',
  'NOT_FOUND',
  'RATE_LIMITED',
  'INTERNAL',
  'DATABASE_UNAVAILABLE',
];
const WITH_KEY: readonly ErrorCode[] = ['IDEMPOTENCY_KEY_MISSING', 'REQUEST_IN_FLIGHT', 'IDEMPOTENCY_KEY_REUSED'];
const WITH_BODY: readonly ErrorCode[] = ['MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

/**
 * `response:` of a route: what it answers, and the refusals it may give, one entry for each status with the codes in its description.
 * `with: 'key'` for routes that carry a body and an Idempotency-Key, `with: 'body'` for those with a body alone.
 */
export function responses<Ok extends Record<number, unknown>>(
  ok: Ok,
  may: { with?: 'body' | 'key'; codes?: readonly ErrorCode[] } = {},
): Ok & Record<'4xx' | '5xx', ProblemResponse> {
  const codes = new Set([...ALWAYS, ...(may.codes ?? []), ...(may.with ? WITH_BODY : []), ...(may.with === 'key' ? WITH_KEY : [])]);
  const byStatus = Map.groupBy(codes, (each) => ERRORS[each].status);
  const problems = [...byStatus].map(([status, each]) => [status, problemResponse(each.map((one) => `\`${one}\` ${ERRORS[one].en}`).join('; '))]);
  // 4xx and 5xx catch what Fastify itself refuses (414, 431), so that nothing leaves in another shape
  return { ...ok, ...Object.fromEntries(problems), '4xx': problemResponse('Another refusal'), '5xx': problemResponse('Another failure') };
}

function problemResponse(description: string): ProblemResponse {
  return { description, content: { 'application/problem+json': { schema: problem } } };
}
