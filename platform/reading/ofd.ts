import { posix } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import type { Cell } from '#domain/invoice/printed-cells.ts';
import { readPrinted } from '#domain/invoice/printed.ts';
import type { Draft } from '#domain/invoice/reading.ts';
import { checkXml, decodeXml } from '../xml-structure.ts';
import { readBillXml, readNamedValues, unescapeXml } from './bill-xml.ts';

/** A tag with its attributes (`@name`), text (`#text`) and children. */
type Element = { [name: string]: unknown };
type TextRun = Cell & { id: string };

const MAX_PAGES = 100;
const MAX_RUNS = 20_000;
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  trimValues: false,
  ...{ isArray: (name: string) => ARRAYS.has(name) },
});
const ARRAYS = new Set([
  'DocBody',
  'CustomData',
  'TemplatePage',
  'Page',
  'Template',
  'Layer',
  'TextObject',
  'TextCode',
  'PageBlock',
  'CustomTag',
  'Attachment',
  'ObjectRef',
]);
/** Parts of the format itself, among which no invoice is. */
const STRUCTURE = /(?:^|\/)(?:OFD|Document|DocumentRes|PublicRes|Annotations?|Attachments|CustomTags|Signatures?|Content|PageRes)\.xml$/i;

/**
 * What an OFD says, the surest first: the structured invoice that it carries along, the values in its own head, the texts that its tags name, the text on its pages by labels.
 * `xml` comes from `unpackOfd`; nothing here follows a path out of it.
 */
export function readOfdDrafts(xml: ReadonlyMap<string, Buffer>): Draft[] {
  const drafts: Draft[] = [];
  for (const [path, bytes] of xml) {
    if (STRUCTURE.test(path) || !checkXml(bytes).ok) continue;
    const text = decodeXml(bytes);
    const draft = text === undefined ? undefined : quietly(() => readBillXml(text, 'ofd'));
    if (draft) drafts.push(draft);
  }
  const root = parse(xml, 'OFD.xml');
  for (const body of elements(child(root, 'OFD'), 'DocBody')) {
    const named = elements(child(child(body, 'DocInfo'), 'CustomDatas'), 'CustomData').map((each) => [attribute(each, 'Name'), textOf(each)] as const);
    const head = readNamedValues(named, 'ofd');
    if (head) drafts.push({ ...head, fields: withoutAmount(head.fields) });
    const documentPath = resolved('', textOf(body['DocRoot']));
    const document = child(parse(xml, documentPath), 'Document');
    const runs = textRuns(xml, document, documentPath);
    const tagged = readTagged(xml, document, documentPath, runs);
    if (tagged) drafts.push(tagged);
    if (runs.length > 0) drafts.push(readPrinted('ofd', runs));
  }
  return drafts;
}

/** In the head, names of amounts mean now the one with tax and now the one without. */
function withoutAmount({ amount: _, ...fields }: Draft['fields']): Draft['fields'] {
  return fields;
}

function textRuns(xml: ReadonlyMap<string, Buffer>, document: Element, documentPath: string): TextRun[] {
  const templates = new Map(
    elements(child(document, 'CommonData'), 'TemplatePage').map((each) => [attribute(each, 'ID'), resolved(documentPath, attribute(each, 'BaseLoc'))]),
  );
  const runs: TextRun[] = [];
  for (const [index, page] of elements(child(document, 'Pages'), 'Page').slice(0, MAX_PAGES).entries()) {
    const content = pageOf(xml, resolved(documentPath, attribute(page, 'BaseLoc')));
    const used = elements(content, 'Template').flatMap((each) => templates.get(attribute(each, 'TemplateID')) ?? []);
    for (const part of [content, ...used.map((path) => pageOf(xml, path))]) {
      for (const object of textObjects(child(part, 'Content'))) {
        if (runs.length >= MAX_RUNS) return runs;
        // pages are higher than none of them is in millimetres
        runs.push(...runsOf(object, index * 10_000));
      }
    }
  }
  return runs;
}

function pageOf(xml: ReadonlyMap<string, Buffer>, path: string): Element {
  const [page] = elements(parse(xml, path), 'Page');
  return page ?? {};
}

/** Layers hold text objects and blocks, blocks hold the same again. */
function textObjects(node: Element): Element[] {
  return [...elements(node, 'TextObject'), ...[...elements(node, 'Layer'), ...elements(node, 'PageBlock')].flatMap(textObjects)];
}

function runsOf(object: Element, down: number): TextRun[] {
  const [left = 0, top = 0, , boxHeight = 0] = numbers(attribute(object, 'Boundary'));
  const [scaleX = 1, , , scaleY = 1, moveX = 0, moveY = 0] = numbers(attribute(object, 'CTM'));
  const height = Math.abs((Number(attribute(object, 'Size')) || boxHeight) * scaleY) || 1;
  const wide = Math.abs((Number(attribute(object, 'Size')) || height) * scaleX) || height;
  return elements(object, 'TextCode').flatMap((code) => {
    const text = textOf(code).replaceAll(/[\r\n]+/g, ' ');
    if (text.trim() === '') return [];
    const advances = deltas(attribute(code, 'DeltaX')).map((each) => each * Math.abs(scaleX));
    const set = Array.from(text).length - 1;
    const width = set > 0 && advances.length > 0 ? advances.slice(0, set).reduce((total, each) => total + each, 0) + wide : wide * emsOf(text);
    const x = left + moveX + (Number(attribute(code, 'X')) || 0) * scaleX;
    const base = top + moveY + (Number(attribute(code, 'Y')) || 0) * scaleY;
    return [{ id: attribute(object, 'ID'), text, x, y: base - height * 0.4 + down, width: Math.max(width, height / 2), height }];
  });
}

/** Where no advances are given, a Chinese character is as wide as high and another half of it. */
const emsOf = (text: string): number => Array.from(text).reduce((ems, one) => ems + (one.charCodeAt(0) > 0xff ? 1 : 0.5), 0);

/** `3 g 2 1.5` is 3, 1.5, 1.5. */
function deltas(text: string): number[] {
  const words = text.split(/\s+/).filter(Boolean);
  const made: number[] = [];
  for (let at = 0; at < words.length && made.length < 10_000; at += 1) {
    if (words[at] !== 'g') made.push(Number(words[at]) || 0);
    else {
      const [count, value] = [Number(words[at + 1]) || 0, Number(words[at + 2]) || 0];
      made.push(...Array.from({ length: Math.min(Math.max(0, count), 1_000) }, () => value));
      at += 2;
    }
  }
  return made;
}

/** Tags give the objects of a page the names that the structured invoice has. */
function readTagged(xml: ReadonlyMap<string, Buffer>, document: Element, documentPath: string, runs: readonly TextRun[]): Draft | undefined {
  const listPath = resolved(documentPath, textOf(document['CustomTags']));
  const byId = Map.groupBy(runs, ({ id }) => id);
  const values: [string, string][] = [];
  for (const tag of elements(child(parse(xml, listPath), 'CustomTags'), 'CustomTag')) {
    const bytes = xml.get(resolved(listPath, textOf(tag['FileLoc'])));
    // the makers of these files declare prefixes that no parser takes: the references are found by their shape
    for (const [, name = '', references = ''] of (bytes?.toString('utf8') ?? '').matchAll(
      /<(?:[\w.-]*:)?(\w+)>((?:\s*<(?:[\w.-]*:)?ObjectRef\b[^<>]*>[^<>]*<\/(?:[\w.-]*:)?ObjectRef>\s*)+)</g,
    )) {
      const texts = [...references.matchAll(/>([^<>]+)<\//g)].flatMap(([, id = '']) => byId.get(id.trim()) ?? []);
      // a currency sign is an object of its own
      values.push([name, texts.map(({ text }) => text).join('')]);
    }
  }
  return values.length > 0 ? readNamedValues(values, 'ofd') : undefined;
}

const parse = (xml: ReadonlyMap<string, Buffer>, path: string): Element => {
  const bytes = xml.get(path);
  const text = bytes && checkXml(bytes).ok ? decodeXml(bytes) : undefined;
  return text === undefined ? {} : (quietly(() => parser.parse(text) as Element) ?? {});
};

/** Paths are relative to the file that names them, or begin at the root of the archive. */
const resolved = (from: string, to: string): string => (to.startsWith('/') ? to.slice(1) : posix.normalize(posix.join(posix.dirname(from || '.'), to.trim())));

const isElement = (value: unknown): value is Element => typeof value === 'object' && value !== null && !Array.isArray(value);
const child = (node: Element, name: string): Element => (isElement(node[name]) ? node[name] : {});
function elements(node: Element, name: string): Element[] {
  const found = node[name];
  return Array.isArray(found) ? found.map((each: unknown) => (isElement(each) ? each : { '#text': each })) : [];
}
const attribute = (node: Element, name: string): string => (typeof node[`@${name}`] === 'string' ? (node[`@${name}`] as string) : '');
const textOf = (value: unknown): string => (typeof value === 'string' ? unescapeXml(value) : isElement(value) ? textOf(value['#text'] ?? '') : '');
const numbers = (text: string): number[] =>
  text
    .split(/\s+/)
    .filter(Boolean)
    .map((each) => Number(each) || 0);

/** A part that breaks its reader is one source less. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
