/** The longer side that is left of a photograph: small print on a bill can still be read. */
const LONGEST = 2_400;
const ENOUGH_BYTES = 700_000;
const QUALITY = 0.85;
const KEPT = new Set(['image/jpeg', 'image/png', 'image/webp']);

/**
 * A photograph made small enough to send over a bad line, upright and without what the camera wrote beside it (place, time). What is no picture, what is small
 * already, and what the browser cannot draw (HEIC outside of Safari) stays as it is.
 */
export async function reducePhoto(file: File): Promise<File> {
  if (!file.type.startsWith('image/') || (file.size <= ENOUGH_BYTES && file.type !== 'image/webp')) return file;
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => undefined);
  if (!picture) return file;
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
  if (!blob || (blob.size >= file.size && KEPT.has(file.type) && file.type !== 'image/webp')) return file;
  return new File([blob], `${file.name.replace(/\.[^.]+$/, '')}.jpg`, { type: 'image/jpeg' });
}
