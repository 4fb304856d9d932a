import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import { shanghaiTime } from './gateway-fields.ts';

/** The frame of the bank's documents (docs/gateways.md): writing them, and reading them without trusting them. */
const MAX_BYTES = 8 * 1024 * 1024;

// Values stay text: a parser that guesses numbers would turn an account into 6.2e18 and drop the zeros of an amount.
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  isArray: (name) => name === 'STMTTRN',
});

/** What XML 1.0 cannot carry, not even escaped. */
// oxlint-disable-next-line no-control-regex
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const ENTITIES: Record<string, string> = { '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '&': '&amp;' };
const CHARACTERS = Object.fromEntries(Object.entries(ENTITIES).map(([character, entity]) => [entity, character]));

/** `children` is XML already; see `leaf` for text. */
export function element(name: string, ...children: string[]): string {
  return `<${name}>${children.join('')}</${name}>`;
}

/** An element with text: escaped, without what XML cannot carry. */
export function leaf(name: string, text: string): string {
  const carried = text.toWellFormed().replace(new RegExp(NOT_XML, 'g'), '');
  return element(
    name,
    carried.replace(/[<>&"']/g, (character) => ENTITIES[character] ?? ''),
  );
}

/** One transaction as a document from us to the bank. */
export function requestDocument(input: { customerId: string; userId: string; at: Date; transaction: string }): string {
  const signOn = element(
    'SONRQ',
    leaf('DTCLIENT', shanghaiTime(input.at)),
    leaf('CID', input.customerId),
    leaf('USERID', input.userId),
    leaf('GENUSERKEY', 'N'),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>${element('FOX', element('SIGNONMSGSRQV1', signOn), element('SECURITIES_MSGSRQV1', input.transaction))}`;
}

export const statusXml = (code: string, message: string): string =>
  element('STATUS', leaf('CODE', code), leaf('SEVERITY', code === '0' ? 'INFO' : 'ERROR'), leaf('MESSAGE', message));

/** An answer of ours to a call of the bank. */
export function answerDocument(input: { at: Date; transaction: string }): string {
  const signOn = element('SONRS', statusXml('0', ''), leaf('DTSERVER', shanghaiTime(input.at)));
  return `<?xml version="1.0" encoding="UTF-8"?>${element('FOX', element('SIGNONMSGSRSV1', signOn), element('SECURITIES_MSGSRSV1', input.transaction))}`;
}

/** The document as nested objects of text (`@` before attributes); undefined where it is no whole document in UTF-8, or carries a DOCTYPE. */
export function parseDocument(raw: Uint8Array): unknown {
  if (raw.byteLength > MAX_BYTES) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(raw);
    if (NOT_XML.test(text) || /<!(DOCTYPE|ENTITY)/i.test(text)) return undefined;
    // The parser itself is content with half a document.
    return XMLValidator.validate(text) === true ? parser.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** The text of an element; an element that occurs twice, or has elements in it, is none. */
export const xmlText = z
  .string()
  .max(2_000)
  .transform((text) => text.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => CHARACTERS[entity] ?? entity));

const status = z.object({ CODE: z.string().regex(/^\d{1,6}$/), SEVERITY: z.enum(['INFO', 'WARN', 'ERROR']), MESSAGE: xmlText });

/** `code` and `text` of a `STATUS` that is not 0. */
export type BankReply =
  | { kind: 'accepted'; body: unknown }
  | { kind: 'refused'; code: string; text: string }
  | { kind: 'sign-on-refused'; code: string }
  | { kind: 'differs' }
  | { kind: 'unreadable' };

/** Takes the frame off an answer to the transaction `id`. `differs`: it answers another one. `body` is what stands in `bodyName`. */
export function readReply(raw: Uint8Array, expected: { name: string; bodyName: string; id: string }): BankReply {
  const frame = z
    .object({ FOX: z.object({ SIGNONMSGSRSV1: z.object({ SONRS: z.object({ STATUS: status }) }), SECURITIES_MSGSRSV1: z.unknown().optional() }) })
    .safeParse(parseDocument(raw));
  if (!frame.success) return { kind: 'unreadable' };
  const signOn = frame.data.FOX.SIGNONMSGSRSV1.SONRS.STATUS;
  if (signOn.CODE !== '0') return { kind: 'sign-on-refused', code: signOn.CODE };
  const answer = z.object({ [expected.name]: z.looseObject({ TRNUID: xmlText, STATUS: status }) }).safeParse(frame.data.FOX.SECURITIES_MSGSRSV1);
  const told = answer.data?.[expected.name];
  if (!told) return { kind: 'unreadable' };
  if (told.TRNUID !== expected.id) return { kind: 'differs' };
  if (told.STATUS.CODE !== '0') return { kind: 'refused', code: told.STATUS.CODE, text: told.STATUS.MESSAGE };
  return { kind: 'accepted', body: told[expected.bodyName] };
}
