import { BILLS, type Bill } from '#dev/bills/bill.ts';
import { boxesOf } from '#dev/bills/boxes.ts';
import { billOfd } from '#dev/bills/ofd.ts';
import { billPdf } from '#dev/bills/pdf.ts';
import { billPhoto } from '#dev/bills/picture.ts';
import { digitalXml, eInvoiceXml, structuredXml } from '#dev/bills/xml.ts';
import { TEXT_FIELDS, type DocumentReading } from '#domain/invoice/reading.ts';
import { openLetterReader } from '#platform/reading/letters.ts';
import { readDocument, type Readers } from '#platform/reading/read-document.ts';
import { openRenderer } from '#platform/render/renderer.ts';
import { median, round } from './stats.ts';

/** `right` and `wrong` count fields that the bill has; a field that was not found is neither. `lines` are right where name and amount are. */
export type Accuracy = { files: number; fields: number; right: number; wrong: number; lines: number; rightLines: number; msPerFile: number };

const SETS: Record<string, { letters: boolean; make: (bill: Bill) => Promise<Buffer> | Buffer }> = {
  XML: { letters: false, make: (bill) => Buffer.from(bill.type === '1' ? structuredXml(bill) : bill.type === '2' ? eInvoiceXml(bill) : digitalXml(bill)) },
  'OFD, its page alone': { letters: false, make: (bill) => billOfd(bill) },
  'PDF, its text alone': { letters: false, make: (bill) => billPdf(bill, { qr: false }) },
  'OFD in boxes, its page alone': { letters: false, make: (bill) => billOfd(bill, { layout: boxesOf }) },
  'PDF in boxes, its text alone': { letters: false, make: (bill) => billPdf(bill, { qr: false, layout: boxesOf }) },
  'photograph, its QR code alone': { letters: false, make: (bill) => billPhoto(bill) },
  'photograph, its letters alone': { letters: true, make: (bill) => billPhoto(bill, { smeared: true }) },
  'photograph in boxes, its letters alone': { letters: true, make: (bill) => billPhoto(bill, { smeared: true, layout: boxesOf }) },
  'photograph, both': { letters: true, make: (bill) => billPhoto(bill) },
  'photograph, worse (7° askew, twice the noise)': { letters: true, make: (bill) => billPhoto(bill, { skew: 7, noise: 80, quality: 50 }) },
};

/** How many fields of the project's own bills are read right, by the kind of file. */
export async function measureReading({ report }: { report: (line: string) => void }): Promise<Record<string, Accuracy>> {
  const [files, letters] = [openRenderer({ processes: 1 }), openLetterReader()];
  try {
    const measured: Record<string, Accuracy> = {};
    for (const [name, set] of Object.entries(SETS)) {
      report(`reading: ${name}`);
      measured[name] = await measureSet(set.make, set.letters ? { files, letters } : { files });
    }
    return measured;
  } finally {
    await Promise.all([files.close(), letters?.close()]);
  }
}

async function measureSet(make: (bill: Bill) => Promise<Buffer> | Buffer, readers: Readers): Promise<Accuracy> {
  const total: Accuracy = { files: 0, fields: 0, right: 0, wrong: 0, lines: 0, rightLines: 0, msPerFile: 0 };
  const times: number[] = [];
  for (const bill of Object.values<Bill>(BILLS)) {
    const content = await make(bill);
    const start = performance.now();
    const reading = await readDocument(readers, content);
    times.push(performance.now() - start);
    count(total, bill, reading);
  }
  return { ...total, msPerFile: round(median(times), 0) };
}

function count(total: Accuracy, bill: Bill, { fields }: DocumentReading): void {
  total.files += 1;
  for (const name of TEXT_FIELDS) {
    if (bill[name] === '') continue;
    total.fields += 1;
    if (fields[name].value === bill[name]) total.right += 1;
    else if (fields[name].value !== null) total.wrong += 1;
  }
  total.lines += bill.lines.length;
  total.rightLines += bill.lines.filter((line) => fields.lines.value?.some(({ name, amount }) => name === line.name && amount === line.amount)).length;
}
