import { billOf } from '../bills/bill.ts';
import { structuredXml } from '../bills/xml.ts';
import type { ApiClient } from '../client.ts';
import { samplePdf } from '../sample-pdf.ts';
import { freshInvoiceNo, PEOPLE } from '../seed.ts';

/** What the demonstration's world lets happen to a claim. */
type Story = {
  about: string;
  who: keyof typeof PEOPLE;
  kind?: 'OUTPATIENT' | 'CHRONIC';
  amount: string;
  daysAgo: number;
  /** what the bureau answers, told before the claim reaches it; [] lets it wait; absent: as its plan says */
  rulings?: readonly Record<string, unknown>[];
  /** kinds of document left out */
  without?: readonly string[];
  /** the invoice of another story */
  sameInvoiceAs?: string;
  /** it waits for the employee */
  unconfirmed?: true;
  /** what the bureau knows of its invoice: HR has to look */
  claimedBefore?: true;
  /** the bureau breaks down over it, every time */
  breaksBureau?: true;
};

/** Something in every stage, and everything that can come in between. */
const STORIES: readonly Story[] = [
  { about: 'paid', who: 'claimant', amount: '2400.00', daysAgo: 40 },
  { about: 'draft', who: 'claimant', kind: 'CHRONIC', amount: '680.50', daysAgo: 3, unconfirmed: true },
  { about: 'documents-missing', who: 'claimant', amount: '1260.00', daysAgo: 6, without: ['PRESCRIPTION_OR_RECORD'] },
  { about: 'with-bureau', who: 'claimant', amount: '3120.00', daysAgo: 9, rulings: [] },
  {
    about: 'denied',
    who: 'claimant',
    amount: '1875.00',
    daysAgo: 21,
    rulings: [{ outcome: 'deny', resn: [{ code: '27', text: '就诊日不在参保期内' }], delayMs: 0 }],
  },
  { about: 'first-of-two', who: 'colleague', amount: '4100.00', daysAgo: 12, rulings: [] },
  { about: 'duplicate', who: 'colleague', amount: '4100.00', daysAgo: 12, sameInvoiceAs: 'first-of-two' },
  { about: 'payment-under-way', who: 'driver', amount: '2950.00', daysAgo: 15 },
  { about: 'payment-failed', who: 'loader', amount: '3300.00', daysAgo: 18 },
  { about: 'overdue', who: 'packer', amount: '5200.00', daysAgo: 30, rulings: [] },
  { about: 'approved', who: 'packer', amount: '1980.00', daysAgo: 33 },
  { about: 'payout-above-limit', who: 'driver', amount: '12000.00', daysAgo: 25 },
  { about: 'pre-review', who: 'loader', amount: '860.00', daysAgo: 5, claimedBefore: true },
  { about: 'stuck', who: 'loader', amount: '1420.00', daysAgo: 8, breaksBureau: true },
];

const DOCUMENTS: Record<string, readonly string[]> = {
  OUTPATIENT: ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD'],
  CHRONIC: ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD'],
};

/**
 * Claims in every stage, over the public API and the simulators' controls; numbers by what they are about. Nothing is done where they are there already. They are on their
 * way when it returns: what takes a bureau or a bank takes it as long as always.
 */
export async function seedShowcase(world: { api: ApiClient; bureauUrl: string; bankUrl: string }): Promise<Record<string, string>> {
  const { api } = world;
  const marker = await api.get<{ items: unknown[] }>(`/v1/claims?employeeNo=${PEOPLE.packer.employeeNo}`);
  if (marker.items.length > 0) return {};
  const control = async (method: string, url: string, body: unknown): Promise<void> => {
    const response = await fetch(url, { method, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`);
  };
  const accountOf = (who: keyof typeof PEOPLE): string => `622909${String(PEOPLE[who].n).padStart(10, '0')}`;
  // the bank keeps one payment under way, and does not know another account any more; a third company has stopped paying for the time being
  await control('POST', `${world.bankUrl}/_control/faults`, { mode: 'processing', on: 'XFERTRNRQ', account: accountOf('driver') });
  await control('PUT', `${world.bankUrl}/_control/payees`, { account: accountOf('loader'), state: 'closed' });
  await api.post('/v1/payout-stops', { scope: PEOPLE.packer.unitCode, reason: '月末对账' }, { as: PEOPLE.finance.employeeNo });

  const numbers: Record<string, string> = {};
  const invoices = new Map<string, string>();
  for (const { about, who, kind = 'OUTPATIENT', amount, daysAgo, rulings, without = [], sameInvoiceAs, unconfirmed, claimedBefore, breaksBureau } of STORIES) {
    const { employeeNo, insuredRegion } = PEOPLE[who];
    const invoiceNo = (sameInvoiceAs !== undefined && invoices.get(sameInvoiceAs)) || freshInvoiceNo();
    invoices.set(about, invoiceNo);
    const day = dayBefore(daysAgo);
    const billed = {
      hospital: insuredRegion === '110000' ? { code: 'H11010100001', name: '北京示范医院' } : { code: 'H13010200001', name: '石家庄示范医院' },
      lines: [{ itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '1', unitPrice: amount, amount }],
      invoices: [{ type: '1', code: `${insuredRegion.slice(0, 4)}0126`, number: invoiceNo, checkCode: 'a1b2c3', amount, issuedOn: day }],
    } as const;
    const bill = billOf(billed, { title: '医疗收费票据(电子)', inWords: '', payer: PEOPLE[who].name });
    const documents: { documentId: string; kind: string }[] = [];
    for (const each of DOCUMENTS[kind] ?? []) {
      if (without.includes(each)) continue;
      const sample = samplePdf(`${each} ${about} ${invoiceNo}`);
      const file =
        each === 'INVOICE' ? { name: 'invoice.xml', content: Buffer.from(structuredXml(bill)) } : { name: `${each.toLowerCase()}.pdf`, content: sample };
      documents.push({ documentId: (await api.upload(file)).id, kind: each });
    }
    const claim = {
      ...{ ...billed, employeeNo, kind, treatedRegion: insuredRegion, visit: { start: day, end: day }, documents, draft: true },
      diagnoses: kind === 'CHRONIC' ? [{ code: 'I10.x00', name: '高血压' }] : [],
    };
    const { number } = await api.post<{ number: string }>('/v1/claims', claim, { as: employeeNo });
    numbers[about] = number;
    const bureau = `${world.bureauUrl}/_control`;
    if (rulings) await control('PUT', `${bureau}/bureaus/${insuredRegion}/claims/${number}`, { rulings });
    if (breaksBureau) await control('POST', `${bureau}/faults`, { mode: '5xx', on: 'DZ01', key: number });
    if (claimedBefore) {
      const [{ type, code, checkCode }] = billed.invoices;
      const certificate = { elecSetlCertType: type, elecSetlCertCode: code, elecSetlCertNo: invoiceNo, elecSetlCertChkcode: checkCode };
      await control('PUT', `${bureau}/bureaus/${insuredRegion}/certificates`, { ...certificate, reimFlag: '1' });
    }
    if (!unconfirmed) await api.post(`/v1/claims/${number}/confirm`, {}, { as: employeeNo });
  }
  return numbers;
}

function dayBefore(days: number): string {
  return new Date(Date.now() + 8 * 3_600_000 - days * 86_400_000).toISOString().slice(0, 10);
}
