import { unescapeXml } from '../reading/bill-xml.ts';

export type Tag = { name: string; attribute: (name: string) => string | undefined };
type Handlers = {
  open?: (tag: Tag) => void;
  /** after `open` as well where a tag closes itself */
  close?: (name: string) => void;
  text?: (text: string) => void;
  /** asked after each tag */
  stop?: () => boolean;
};

// a quoted value has no `<`, so that a quote which nobody closes costs no more than the tag
const TAG = /<(\/?)(?:[\w.-]+:)?([\w.-]+)((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>/y;
const SKIPPED = [
  ['<!--', '-->'],
  ['<?', '?>'],
] as const;
const [CDATA, CDATA_END] = ['<![CDATA[', ']]>'];

/**
 * Goes through XML that may be a hundred megabytes, once and in constant memory; prefixes of names are left out. False where it ends in the midst of something or has a
 * declaration: such XML no spreadsheet program writes.
 */
export function scanXml(xml: string, { open, close, text, stop }: Handlers): boolean {
  let at = 0;
  while (at < xml.length) {
    if (xml[at] !== '<') {
      const next = xml.indexOf('<', at);
      const end = next < 0 ? xml.length : next;
      text?.(unescapeXml(xml.slice(at, end)));
      at = end;
      continue;
    }
    const skipped = SKIPPED.find(([begin]) => xml.startsWith(begin, at));
    const [begin, finish] = skipped ?? [CDATA, CDATA_END];
    if (skipped || xml.startsWith(CDATA, at)) {
      const end = xml.indexOf(finish, at + begin.length);
      if (end < 0) return false;
      if (!skipped) text?.(xml.slice(at + begin.length, end));
      at = end + finish.length;
      continue;
    }
    TAG.lastIndex = at;
    const [whole, closing, name = '', attributes = ''] = TAG.exec(xml) ?? [];
    if (whole === undefined) return false;
    if (!closing) open?.({ name, attribute: (wanted) => attributeOf(attributes, wanted) });
    if (closing || attributes.endsWith('/')) close?.(name);
    if (stop?.()) return true;
    at += whole.length;
  }
  return true;
}

function attributeOf(attributes: string, wanted: string): string | undefined {
  for (const [, name, double, single] of attributes.matchAll(/(?:^|\s)(?:[\w.-]+:)?([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
    if (name === wanted) return unescapeXml(double ?? single ?? '');
  return undefined;
}
