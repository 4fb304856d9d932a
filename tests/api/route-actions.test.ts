import { glob, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTIONS, ruleOf, type Action } from '#domain/org/can.ts';
import { startTestApi, type TestApi } from './support.ts';

type Operation = { security?: unknown; description?: string; 'x-action'?: Action | Action[] | { none: string } };

let api: TestApi;
let operations: { name: string; operation: Operation }[] = [];
beforeAll(async () => {
  api = await startTestApi();
  const { paths } = (await api.call({ url: '/openapi.json', token: null })).json() as { paths: Record<string, Record<string, Operation>> };
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
});
afterAll(() => api.close());

const actionsOf = ({ 'x-action': action }: Operation): readonly Action[] => (typeof action === 'string' ? [action] : Array.isArray(action) ? action : []);

test('every route that somebody has to sign in for says what it asks for, or why it asks nothing', () => {
  const silent = operations.filter(({ operation }) => operation.security !== undefined && operation['x-action'] === undefined);
  expect(silent.map(({ name }) => name)).toEqual([]);
  expect(operations.length).toBeGreaterThan(60);
});

test('a route lets a machine in with the scope that its actions ask for', () => {
  const differing = operations.flatMap(({ name, operation }) => {
    const scope = /Scope: `([^`]+)`/.exec(operation.description ?? '')?.[1];
    return scope === undefined
      ? []
      : actionsOf(operation).flatMap((action) => (ruleOf(action).scope === scope ? [] : [`${name}: ${action} needs ${ruleOf(action).scope}, not ${scope}`]));
  });
  expect(differing).toEqual([]);
});

test('no action is asked for nowhere', () => {
  const asked = new Set(operations.flatMap(({ operation }) => actionsOf(operation)));
  expect(ACTIONS.filter((action) => !asked.has(action))).toEqual([]);
});

test('what an auditor may do changes nothing', () => {
  const writes = operations.filter(
    ({ name, operation }) => !name.startsWith('GET ') && decisive(actionsOf(operation)).some((action) => ruleOf(action).roles.includes('auditor')),
  );
  // reads a file and keeps nothing of it; packs what may be read, for an inspection from outside
  expect(writes.map(({ name }) => name).toSorted()).toEqual(['POST /v1/documents/{id}/reading', 'POST /v1/inspection-packs']);
});

/** A route that asks whether somebody may see a thing, and then whether they may change it, is decided by the second. */
function decisive(actions: readonly Action[]): readonly Action[] {
  const changing = actions.filter((action) => !/\.read(-medical)?$/.test(action));
  return changing.length > 0 ? changing : actions;
}

test('what is asked for by GET is reading, and nothing else', () => {
  const asked = new Set(operations.filter(({ name }) => name.startsWith('GET ')).flatMap(({ operation }) => actionsOf(operation)));
  expect([...asked].filter((action) => !/\.read(-medical)?$/.test(action)).toSorted()).toEqual(['document.original', 'inspection.make']);
});

test('routes ask through the request, which checks what they declare and remembers in whose name', async () => {
  const direct: string[] = [];
  for await (const file of glob('api/routes/*.ts')) {
    const text = await readFile(file, 'utf8');
    if (/\bcan\(request\.asker/.test(text)) direct.push(file);
  }
  expect(direct).toEqual([]);
});
