import { serve } from './serve.ts';

/** The limited child of renderer.ts, with the libraries that its one file needs. */
await serve({
  'inspect-image': async () => (await import('./image-tasks.ts')).inspectImage,
  'preview-image': async () => (await import('./image-tasks.ts')).previewImage,
  'inspect-pdf': async () => (await import('./pdf.ts')).inspectPdf,
  'preview-pdf': async () => (await import('./pdf.ts')).previewPdf,
  'inspect-data': async () => (await import('./data-tasks.ts')).inspectData,
  'preview-data': async () => (await import('./data-tasks.ts')).previewData,
  'read-image': async () => (await import('../reading/picture.ts')).readImage,
  'read-pdf': async () => (await import('../reading/pdf.ts')).readPdf,
  'read-data': async () => (await import('../reading/data.ts')).readData,
});
