import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERROR_CODES } from '#domain/errors.ts';
import { startTestApi, type TestApi } from './support.ts';

type Operation = {
  operationId: string;
  summary: string;
  tags: string[];
  security?: Record<string, []>[];
  parameters?: { in: string; name: string; required: boolean }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: { $ref?: string } }> }>;
};
type Document = {
  openapi: string;
  info: object;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
};

let api: TestApi;
let document: Document;
let operations: { name: string; operation: Operation }[];
beforeAll(async () => {
  api = await startTestApi();
  document = (await api.call({ url: '/openapi.json', token: null })).json();
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
});
afterAll(() => api?.close());

test('is OpenAPI 3.1 and holds together: every reference leads somewhere, nothing is left over', () => {
  expect(document.openapi).toBe('3.1.0');
  const refs = new Set([...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref));
  expect([...refs].toSorted()).toEqual(
    Object.keys(document.components.schemas)
      .map((name) => `#/components/schemas/${name}`)
      .toSorted(),
  );
  expect(Object.keys(document.components.schemas).filter((name) => name.endsWith('Input'))).toEqual([]);
});

test('every operation says what it is, under a tag that is described and a name of its own', () => {
  const tags = document.tags.map((tag) => tag.name);
  for (const { name, operation } of operations) {
    expect([name, operation.summary !== '' && operation.tags.every((tag) => tags.includes(tag))]).toEqual([name, true]);
  }
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  expect(JSON.stringify(document)).not.toContain('Default Response');
});

test('what is open is written down here, and nothing else is', () => {
  const open = operations.filter(({ operation }) => operation.security === undefined).map(({ name }) => name);
  expect(open.toSorted()).toEqual([
    'GET /auth/callback',
    'GET /auth/login',
    'GET /healthz',
    'GET /readyz',
    'POST /v1/callbacks/banks/{code}',
    'POST /v1/callbacks/bureaus/{code}',
    'POST /v1/page-errors',
  ]);
});

test('every refusal is a problem document', () => {
  for (const { name, operation } of operations) {
    if (name === 'GET /readyz' || name.includes('/callbacks/')) continue;
    for (const [status, response] of Object.entries(operation.responses)) {
      if (!/^[45]/.test(status)) continue;
      expect([name, status, response.content]).toEqual([name, status, { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }]);
    }
  }
  expect(document.components.schemas['Problem']).toMatchObject({ properties: { code: { enum: ERROR_CODES } } });
});

test('every POST but the callbacks, signing out, what goes into the log alone, and what changes nothing, asks for an Idempotency-Key', () => {
  for (const { name, operation } of operations.filter(
    (each) =>
      each.name.startsWith('POST') && !/\/callbacks\/|\/auth\/|\/codec\/|\/(?:estimates|claim-proposals|reading|page-errors|preview|search)$/.test(each.name),
  )) {
    expect([name, operation.parameters?.find((parameter) => parameter.name === 'idempotency-key')?.required]).toEqual([name, true]);
  }
});

test('requests are closed: no object in one takes properties that it does not name', () => {
  const closed = (node: unknown): boolean => {
    if (typeof node !== 'object' || node === null) return true;
    const object = node as Record<string, unknown>;
    if ('properties' in object && object['type'] === 'object' && object['additionalProperties'] !== false) return false;
    if (typeof object['$ref'] === 'string' && !closed(document.components.schemas[object['$ref'].split('/').at(-1) ?? ''])) return false;
    return Object.values(object).every(closed);
  };
  for (const { name, operation } of operations) {
    for (const [type, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
      // what bureaus, banks and Temporal send may have grown
      if (!/\/(callbacks|codec)\//.test(name)) expect([name, type, closed(schema)]).toEqual([name, type, true]);
    }
  }
});

test('the page comes from here alone', async () => {
  const page = await api.call({ url: '/docs/', token: null });
  expect(page.statusCode).toBe(200);
  const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source);
  expect(sources.length).toBeGreaterThan(2);
  for (const source of sources) {
    expect(source).not.toMatch(/^(https?:)?\/\//);
    const path = new URL(source ?? '', 'http://host/docs/').pathname;
    expect([path, (await api.call({ url: path, token: null })).statusCode]).toEqual([path, 200]);
  }
  expect(page.headers['content-security-policy']).toContain("script-src 'self';");
});
