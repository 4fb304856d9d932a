import { createCanvas, type Canvas } from '@napi-rs/canvas';
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist';
import type { Cell } from '#domain/invoice/printed-cells.ts';
import { readPrinted } from '#domain/invoice/printed.ts';
import type { Draft } from '#domain/invoice/reading.ts';
import { inspectPdf, openPdf } from '../render/pdf.ts';
import type { TaskAnswer, TaskInput } from '../render/serve.ts';
import { checkXml, decodeXml } from '../xml-structure.ts';
import { readBillXml } from './bill-xml.ts';
import { forLetters, readCodes } from './picture.ts';

/** An invoice and the list of what is on it; the fee list of a long stay is another document. */
const READ_PAGES = 20;
const MAX_RUNS = 20_000;
const PAGE_SIDE = 2_000;
/** Fewer letters than this are a stamp or a page number on a scan. */
const SCAN_LETTERS = 30;
/** No page is as high, in points. */
const PAGE_STEP = 100_000;

/** Structured data that it carries along, its text, the QR codes of its first page; of a scan the first page as a picture, for the reader of letters. Refusals: as `inspectPdf`. */
export async function readPdf(task: TaskInput): Promise<TaskAnswer> {
  const inspected = await inspectPdf(task);
  if (!inspected.ok) return inspected;
  const opened = await openPdf(task.content);
  if (!opened.ok) return opened;
  const { pdf } = opened;
  const cells = await textOf(pdf);
  const canvas = await draw(await pdf.getPage(1));
  const page = { source: canvas, width: canvas.width, height: canvas.height };
  const drafts = [...(await attachedDrafts(pdf)), ...(cells.length > 0 ? [readPrinted('pdf', cells)] : []), ...(await readCodes(page))];
  const letters = cells.reduce((count, { text }) => count + text.replaceAll(/\s/g, '').length, 0);
  if (letters >= SCAN_LETTERS) return { ok: true, data: { drafts } };
  return { ok: true, data: { drafts }, content: forLetters(page) };
}

async function attachedDrafts(pdf: PDFDocumentProxy): Promise<Draft[]> {
  const attached = ((await pdf.getAttachments()) ?? {}) as Record<string, { content?: Uint8Array | null }>;
  return Object.values(attached).flatMap(({ content }) => {
    const bytes = content ? Buffer.from(content) : undefined;
    const text = bytes && checkXml(bytes).ok ? decodeXml(bytes) : undefined;
    return (text !== undefined && readBillXml(text, 'xml')) || [];
  });
}

/** Runs of text, all pages below each other. A page is turned the way that most of its letters stand; text across them (marks in the margin) is left out. */
async function textOf(pdf: PDFDocumentProxy): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (let number = 1; number <= Math.min(pdf.numPages, READ_PAGES) && cells.length < MAX_RUNS; number += 1) {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    const texts = items.flatMap((item) => ('str' in item && item.str.trim() !== '' ? [{ ...item, turn: turnOf(item.transform as number[]) }] : []));
    const letters = [0, 0, 0, 0];
    for (const { str, turn } of texts) letters[turn] = (letters[turn] ?? 0) + str.length;
    const upright = letters.indexOf(Math.max(...letters));
    for (const { str, transform, width, height: given, turn } of texts) {
      if (turn !== upright) continue;
      const [, , c = 0, d = 0, left = 0, base = 0] = transform as number[];
      const height = given || Math.hypot(c, d) || 10;
      const [x, up] = [
        [left, base],
        [base, -left],
        [-left, -base],
        [-base, left],
      ][upright] as [number, number];
      cells.push({ text: str, x, y: -up - height * 0.35 + number * PAGE_STEP, width, height });
    }
    page.cleanup();
  }
  return cells;
}

/** Quarters of a turn, counter-clockwise, in which text runs. */
const turnOf = ([a = 1, b = 0]: readonly number[]): number => (Math.round(Math.atan2(b, a) / (Math.PI / 2)) + 4) % 4;

async function draw(page: PDFPageProxy): Promise<Canvas> {
  const { width, height } = page.getViewport({ scale: 1 });
  const viewport = page.getViewport({ scale: PAGE_SIDE / Math.max(width, height) });
  const canvas = createCanvas(Math.max(1, Math.round(viewport.width)), Math.max(1, Math.round(viewport.height)));
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  await page.render({ canvas, viewport }).promise;
  return canvas;
}
