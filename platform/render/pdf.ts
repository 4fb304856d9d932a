import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCanvas, type Canvas } from '@napi-rs/canvas';
import { getDocument, GlobalWorkerOptions, type PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.min.mjs';
import { refuse, type Refusal } from '#domain/errors.ts';
import { sniffMediaType } from '../media-type.ts';
import { encode, SHOWN_SIDE } from './image.ts';
import { findActiveContent } from './pdf-actions.ts';
import { pictureHashes } from './picture-hash.ts';
import type { TaskAnswer, TaskInput } from './serve.ts';

/** The fee list of a long stay in hospital has dozens. */
export const MAX_PAGES = 100;
const SCAN_SIDE = 1_000;
const MAX_IMAGE_PIXELS = 100_000_000;
const PACKAGE = join(dirname(fileURLToPath(import.meta.resolve('pdfjs-dist/package.json'))), '/');
GlobalWorkerOptions.workerSrc = import.meta.resolve('pdfjs-dist/legacy/build/pdf.worker.min.mjs');

/** What is let pass and remarked. Electronic vouchers carry their data (XBRL, XML) as an embedded file; invoices are often locked against changes. */
export type PdfNote = 'EMBEDDED_FILES' | 'RESTRICTED';

/**
 * Refused: what does not open (DOCUMENT_CONTENT_MISMATCH), or only with a password (DOCUMENT_ENCRYPTED); no page (DOCUMENT_EMPTY) or too many; and what would do
 * something where the original is opened (DOCUMENT_ACTIVE_CONTENT).
 */
export async function inspectPdf({ content }: TaskInput): Promise<TaskAnswer> {
  const sniffed = await sniffMediaType(content);
  if (!sniffed.ok) return sniffed;
  const active = findActiveContent(content);
  if (active === 'too-much') return refuse('DOCUMENT_SUSPICIOUS', { detail: 'its objects would unpack to too much' });
  const opened = await openPdf(content);
  if (!opened.ok) return opened;
  const { pdf } = opened;
  if (pdf.numPages === 0) return refuse('DOCUMENT_EMPTY', { detail: 'a PDF without a page' });
  if (pdf.numPages > MAX_PAGES) return refuse('DOCUMENT_TOO_MANY_PAGES', { params: { pages: pdf.numPages, max: MAX_PAGES } });
  if (active !== undefined) return refuse('DOCUMENT_ACTIVE_CONTENT', { params: { found: active } });
  try {
    const { info } = (await pdf.getMetadata()) as { info: { EncryptFilterName?: string | null; IsXFAPresent?: boolean } };
    if (info.IsXFAPresent) return refuse('DOCUMENT_ACTIVE_CONTENT', { params: { found: 'XFA' } });
    if (await hasScripts(pdf)) return refuse('DOCUMENT_ACTIVE_CONTENT', { params: { found: 'JavaScript' } });
    const notes: PdfNote[] = [];
    if ((await pdf.getAttachments()) !== null) notes.push('EMBEDDED_FILES');
    if (info.EncryptFilterName) notes.push('RESTRICTED');
    return { ok: true, data: { mediaType: sniffed.mediaType, pages: pdf.numPages, notes, pictureHashes: await scanHashes(pdf) } };
  } catch {
    return unreadable();
  }
}

/** A page as a JPEG, its longer side `SHOWN_SIDE`. */
export async function previewPdf({ params, content }: TaskInput): Promise<TaskAnswer> {
  const pageNumber = Number(params['page']);
  const opened = await openPdf(content);
  if (!opened.ok) return opened;
  const { numPages: pages } = opened.pdf;
  if (!Number.isInteger(pageNumber) || pageNumber < 1 || pageNumber > pages) return refuse('DOCUMENT_PAGE_UNKNOWN', { params: { pages } });
  try {
    const canvas = await drawPage(await opened.pdf.getPage(pageNumber), SHOWN_SIDE);
    return { ok: true, data: { mediaType: 'image/jpeg' }, content: encode(canvas, 'image/jpeg') };
  } catch {
    return unreadable();
  }
}

/** What the first page looks like, where it is a scan. Pages with text that are of one form all look alike from afar: their text tells them apart. */
async function scanHashes(pdf: PDFDocumentProxy): Promise<string[]> {
  try {
    const page = await pdf.getPage(1);
    const { items } = await page.getTextContent();
    if (items.some((item) => 'str' in item && item.str.trim() !== '')) return [];
    return pictureHashes({ source: await drawPage(page, SCAN_SIDE) });
  } catch {
    // a page that cannot be drawn is taken all the same
    return [];
  }
}

/** `side`: the longer one, in pixels. */
async function drawPage(page: Awaited<ReturnType<PDFDocumentProxy['getPage']>>, side: number): Promise<Canvas> {
  const { width, height } = page.getViewport({ scale: 1 });
  const viewport = page.getViewport({ scale: side / Math.max(width, height) });
  const canvas = createCanvas(Math.max(1, Math.round(viewport.width)), Math.max(1, Math.round(viewport.height)));
  await page.render({ canvas, viewport }).promise;
  return canvas;
}

/** Without scripts, forms, fonts of the system in JavaScript, or the network. */
export async function openPdf(content: Buffer): Promise<{ ok: true; pdf: PDFDocumentProxy } | Refusal> {
  try {
    const pdf = await getDocument({
      data: new Uint8Array(content),
      verbosity: 0,
      maxImageSize: MAX_IMAGE_PIXELS,
      ...{ isEvalSupported: false, enableXfa: false, disableFontFace: true, useSystemFonts: true, useWorkerFetch: false },
      ...{ isOffscreenCanvasSupported: false, isImageDecoderSupported: false },
      ...{
        standardFontDataUrl: `${PACKAGE}standard_fonts/`,
        cMapUrl: `${PACKAGE}cmaps/`,
        cMapPacked: true,
        wasmUrl: `${PACKAGE}wasm/`,
        iccUrl: `${PACKAGE}iccs/`,
      },
    }).promise;
    return { ok: true, pdf };
  } catch (error) {
    return error instanceof Error && error.name === 'PasswordException' ? refuse('DOCUMENT_ENCRYPTED') : unreadable();
  }
}

async function hasScripts(pdf: PDFDocumentProxy): Promise<boolean> {
  if ((await pdf.getJSActions()) !== null) return true;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = await pdf.getPage(number);
    if ((await page.getJSActions()) !== null) return true;
    const annotations = (await page.getAnnotations()) as { actions?: unknown }[];
    if (annotations.some(({ actions }) => actions)) return true;
  }
  return false;
}

const unreadable = (): Refusal => refuse('DOCUMENT_CONTENT_MISMATCH', { detail: 'the PDF cannot be read' });
