import { STATUS_CODES } from 'node:http';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type JsonObject = { [name: string]: Json };
type OpenApiDocument = { paths?: object; components?: { schemas?: object } };

const REF = '#/components/schemas/';
const INPUT = 'Input';

/**
 * The generator writes every named schema twice, as it is sent and as it is answered. Here one of a pair goes where they are equal or only one is
 * used, what nothing refers to goes as well, and every answer gets words of its own instead of "Default Response".
 */
export function tidyDocument<Document extends OpenApiDocument>(document: Document): Document {
  const schemas = { ...document.components?.schemas } as JsonObject;
  const merged = mergeTwins((document.paths ?? {}) as JsonObject, schemas);
  const used = reachable(merged.paths, merged.schemas);
  const kept = Object.fromEntries(
    Object.entries(merged.schemas)
      .filter(([name]) => used.has(name))
      .toSorted(([a], [b]) => a.localeCompare(b)),
  );
  const paths = withOptionalBodies(withDescriptions(merged.paths, kept), kept);
  return { ...document, paths, components: { ...document.components, schemas: kept } };
}

function mergeTwins(paths: JsonObject, schemas: JsonObject): { paths: JsonObject; schemas: JsonObject } {
  const used = reachable(paths, schemas);
  const equal = (name: string): boolean => stripped(schemas[name] ?? null) === stripped(schemas[`${name}${INPUT}`] ?? null);
  const renamed = new Map<string, string>();
  const result: JsonObject = {};
  for (const name of Object.keys(schemas).filter((each) => `${each}${INPUT}` in schemas)) {
    const input = `${name}${INPUT}`;
    if (used.has(name) && used.has(input) && !equal(name)) {
      result[input] = schemas[input] ?? null;
      result[name] = schemas[name] ?? null;
      continue;
    }
    renamed.set(input, name);
    result[name] = (used.has(input) ? schemas[input] : schemas[name]) ?? null;
  }
  return { paths: rename(paths, renamed) as JsonObject, schemas: rename(result, renamed) as JsonObject };
}

/** As text in which the twins' references look alike. */
const stripped = (schema: Json): string => JSON.stringify(schema).replaceAll(new RegExp(`${REF}(\\w+?)${INPUT}"`, 'g'), `${REF}$1"`);

function rename(node: Json, renamed: ReadonlyMap<string, string>): Json {
  if (Array.isArray(node)) return node.map((each) => rename(each, renamed));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      if (key !== '$ref' || typeof value !== 'string' || !value.startsWith(REF)) return [key, rename(value, renamed)];
      const name = value.slice(REF.length);
      return [key, `${REF}${renamed.get(name) ?? name}`];
    }),
  );
}

function reachable(from: Json, schemas: JsonObject): Set<string> {
  const found = new Set<string>();
  const visit = (node: Json): void => {
    for (const [, name = ''] of JSON.stringify(node).matchAll(new RegExp(`"\\$ref":"${REF}(\\w+)"`, 'g'))) {
      if (found.has(name)) continue;
      found.add(name);
      visit(schemas[name] ?? null);
    }
  };
  visit(from);
  return found;
}

function withDescriptions(paths: JsonObject, schemas: JsonObject): JsonObject {
  const describe = (node: Json, status?: string): Json => {
    if (Array.isArray(node)) return node.map((each) => describe(each));
    if (typeof node !== 'object' || node === null) return node;
    const described = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, describe(value, key)]));
    if (described['description'] === 'Default Response') described['description'] = wordsFor(described, schemas) ?? STATUS_CODES[status ?? ''] ?? 'Done';
    return described;
  };
  return describe(paths) as JsonObject;
}

/** A body that may be null may be left out: the generator calls every body required. */
function withOptionalBodies(paths: JsonObject, schemas: JsonObject): JsonObject {
  const visit = (node: Json, name?: string): Json => {
    if (Array.isArray(node) || typeof node !== 'object' || node === null) return node;
    if (name === 'requestBody' && mayBeNull(node, schemas)) return { ...node, required: false };
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, visit(value, key)]));
  };
  return visit(paths) as JsonObject;
}

function mayBeNull(body: JsonObject, schemas: JsonObject): boolean {
  const { content } = body as { content?: Record<string, { schema?: { $ref?: string; anyOf?: { type?: string }[] } }> };
  return Object.values(content ?? {}).some(({ schema }) => {
    const named = schema?.$ref && (schemas[schema.$ref.slice(REF.length)] as typeof schema);
    return (named || schema)?.anyOf?.some(({ type }) => type === 'null') ?? false;
  });
}

/** What the schema that is answered says of itself, where it has a name. */
function wordsFor(response: JsonObject, schemas: JsonObject): string | undefined {
  const [, name = ''] = new RegExp(`^\\{"[^"]+":\\{"schema":\\{"\\$ref":"${REF}(\\w+)"`).exec(JSON.stringify(response['content'] ?? null)) ?? [];
  const schema = schemas[name];
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return undefined;
  return typeof schema['description'] === 'string' ? schema['description'] : name;
}
