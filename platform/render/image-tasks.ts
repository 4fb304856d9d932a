import { refuse } from '#domain/errors.ts';
import { sniffMediaType } from '../media-type.ts';
import { decodeImage, encodeWithin } from './image.ts';
import { pictureHashes } from './picture-hash.ts';
import type { TaskAnswer, TaskInput } from './serve.ts';

/** What cannot be decoded could not be shown either: it is better said at once. */
export async function inspectImage({ content }: TaskInput): Promise<TaskAnswer> {
  const sniffed = await sniffMediaType(content);
  if (!sniffed.ok) return sniffed;
  const image = await decodeImage(sniffed.mediaType, content);
  return image.ok ? { ok: true, data: { mediaType: sniffed.mediaType, pages: 1, notes: [], pictureHashes: pictureHashes(image) } } : image;
}

/** A picture made anew from the pixels alone. A PNG stays one, because it is a drawing or a screen more often than a photo. */
export async function previewImage({ params, content }: TaskInput): Promise<TaskAnswer> {
  if (params['page'] !== 1) return refuse('DOCUMENT_PAGE_UNKNOWN', { params: { pages: 1 } });
  const image = await decodeImage(params['mediaType'], content);
  return image.ok ? { ok: true, ...encodeWithin(image, params['mediaType'] === 'image/png' ? 'image/png' : 'image/jpeg') } : image;
}
