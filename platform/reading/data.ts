import type { Draft } from '#domain/invoice/reading.ts';
import { sniffMediaType } from '../media-type.ts';
import { unpackOfd } from '../ofd-container.ts';
import type { TaskAnswer, TaskInput } from '../render/serve.ts';
import { decodeXml } from '../xml-structure.ts';
import { readBillXml } from './bill-xml.ts';
import { readOfdDrafts } from './ofd.ts';

/** XML and OFD. */
export async function readData({ content }: TaskInput): Promise<TaskAnswer> {
  const sniffed = await sniffMediaType(content);
  if (!sniffed.ok) return sniffed;
  if (sniffed.mediaType === 'application/ofd') {
    const unpacked = await unpackOfd(content);
    return unpacked.ok ? answer(readOfdDrafts(unpacked.xml)) : unpacked;
  }
  const text = decodeXml(content);
  const draft = text === undefined ? undefined : readBillXml(text, 'xml');
  return answer(draft ? [draft] : []);
}

const answer = (drafts: readonly Draft[]): TaskAnswer => ({ ok: true, data: { drafts } });
