/** An element: either children or text, as in every document of the bank. */
export type Element = { name: string; attributes: Record<string, string>; children: Element[]; text: string };

export class XmlError extends Error {}

const NAME = /[A-Za-z_][\w.-]*/y;
const SPACE = /\s*/y;
const ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);
const MAX_DEPTH = 20;

/**
 * Parses a whole document. Declaration, comments and CDATA are understood; DOCTYPE, processing instructions and unknown
 * entities are refused, so nothing can expand or point elsewhere.
 * @throws XmlError when it is not well formed
 */
export function parseXml(source: string): Element {
  let at = 0;
  const fail = (what: string): never => {
    throw new XmlError(`${what} at ${at}`);
  };
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found) at += found[0].length;
    return found?.[0];
  };
  const expect = (token: string) => {
    if (!source.startsWith(token, at)) fail(`expected ${token}`);
    at += token.length;
  };
  const until = (token: string) => {
    const end = source.indexOf(token, at);
    if (end < 0) fail(`${token} is missing`);
    const found = source.slice(at, end);
    at = end + token.length;
    return found;
  };
  const decode = (text: string) =>
    text.replaceAll(/&([^;&]*)(;?)/g, (_, entity: string, end: string) => {
      if (end === '') fail('a bare &');
      const numbered = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(entity);
      if (!numbered) return ENTITIES.get(entity) ?? fail(`entity ${entity.slice(0, 20)}`);
      const point = numbered[1] === undefined ? Number(numbered[2]) : Number.parseInt(numbered[1], 16);
      return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : fail('character reference');
    });
  const misc = () => {
    for (;;) {
      match(SPACE);
      if (!source.startsWith('<!--', at)) return;
      at += 4;
      until('-->');
    }
  };

  const attributesOf = () => {
    const attributes: Record<string, string> = {};
    for (;;) {
      match(SPACE);
      const name = match(NAME);
      if (name === undefined) return attributes;
      match(SPACE);
      expect('=');
      match(SPACE);
      const quote = source[at] === '"' ? '"' : "'";
      expect(quote);
      if (Object.hasOwn(attributes, name)) fail(`attribute ${name} twice`);
      attributes[name] = decode(until(quote));
    }
  };
  const element = (depth: number): Element => {
    if (depth > MAX_DEPTH) fail('too deep');
    expect('<');
    const name = match(NAME) ?? fail('expected a name');
    const found: Element = { name, attributes: attributesOf(), children: [], text: '' };
    if (source.startsWith('/>', at)) {
      at += 2;
      return found;
    }
    expect('>');
    for (;;) {
      const next = source.indexOf('<', at);
      if (next < 0) fail(`</${name}> is missing`);
      found.text += decode(source.slice(at, next));
      at = next;
      if (source.startsWith('</', at)) break;
      if (source.startsWith('<!--', at)) misc();
      else if (source.startsWith('<![CDATA[', at)) {
        at += 9;
        found.text += until(']]>');
      } else found.children.push(element(depth + 1));
    }
    expect(`</${name}`);
    match(SPACE);
    expect('>');
    found.text = found.text.trim();
    if (found.children.length > 0 && found.text !== '') fail(`text beside elements in ${name}`);
    return found;
  };

  if (source.startsWith('\uFEFF')) at = 1;
  if (source.startsWith('<?xml', at)) until('?>');
  misc();
  const root = element(0);
  misc();
  if (at !== source.length) fail('something after the document');
  return root;
}

/** The only child of that name along a path; undefined when it is absent. @throws XmlError when it is there twice */
export function find(from: Element | undefined, ...path: string[]): Element | undefined {
  let current = from;
  for (const name of path) {
    const found: Element[] = current?.children.filter((child) => child.name === name) ?? [];
    if (found.length > 1) throw new XmlError(`${name} is there twice`);
    current = found[0];
  }
  return current;
}

/** Text of an element along a path, "" when it is absent or empty. */
export const textOf = (from: Element | undefined, ...path: string[]) => find(from, ...path)?.text ?? '';

/** Elements to write, by name: text, nested elements, or several of the same name. `$name` is an attribute. */
export type Content = { [name: string]: string | Content | Content[] };

export function writeXml(content: Content): string {
  return Object.entries(content)
    .filter(([name]) => !name.startsWith('$'))
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((each) => elementXml(name, each)))
    .join('');
}

function elementXml(name: string, value: string | Content): string {
  const attributes = typeof value === 'string' ? '' : attributesXml(value);
  const inner = typeof value === 'string' ? escape(value) : writeXml(value);
  return inner === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${inner}</${name}>`;
}

function attributesXml(content: Content): string {
  return Object.entries(content)
    .flatMap(([name, value]) => (name.startsWith('$') && typeof value === 'string' ? [` ${name.slice(1)}="${escape(value)}"`] : []))
    .join('');
}

/** Control characters have no place in XML, not even as references. */
function escape(text: string): string {
  return text
    .replaceAll(/(?![\t\n\r])\p{Cc}/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
