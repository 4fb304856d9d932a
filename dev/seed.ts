import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCOPES } from '#domain/org/can.ts';
import { mintApiKey } from '#platform/api-key.ts';
import { openDatabase } from '#prisma/database.ts';
import { createApiKey } from '#prisma/queries/api-keys.ts';
import { createRootUnit } from '#prisma/queries/units.ts';
import { registerMachineClient } from './api-key.ts';
import { ApiError, type ApiClient } from './client.ts';
import { signInPerson } from './identity/people.ts';
import { samplePdf } from './sample-pdf.ts';

export const HEAD_OFFICE = { code: 'HQ', name: '到账示范集团', nameEn: 'Daozhang Demonstration Group', region: '110000' };

/** Three companies in two regions, and a department. */
const UNITS = [
  { code: 'SJZ', name: '石家庄制造有限公司', nameEn: 'Shijiazhuang Manufacturing', parentCode: 'HQ', region: '130100' },
  { code: 'SJZ-RD', name: '石家庄研发中心', nameEn: 'Shijiazhuang Research', parentCode: 'SJZ', region: '130100' },
  { code: 'HBL', name: '河北物流有限公司', nameEn: 'Hebei Logistics', parentCode: 'HQ', region: '130100' },
  { code: 'BJ', name: '北京科技有限公司', nameEn: 'Beijing Technology', parentCode: 'HQ', region: '110000' },
];

/** Sample people. Identity numbers carry an impossible district, so that they belong to nobody. */
export const PEOPLE = {
  claimant: { employeeNo: 'E10001', unitCode: 'SJZ-RD', name: '李晓梅', locale: 'zh-CN', insuredRegion: '130100', n: 1 },
  colleague: { employeeNo: 'E10002', unitCode: 'BJ', name: '王建国', locale: 'en', insuredRegion: '110000', n: 2 },
  hr: { employeeNo: 'H20001', unitCode: 'SJZ', name: '张敏', locale: 'zh-CN', insuredRegion: '130100', n: 3 },
  hrHead: { employeeNo: 'H20002', unitCode: 'HQ', name: '陈静', locale: 'zh-CN', insuredRegion: '110000', n: 4 },
  manager: { employeeNo: 'M30001', unitCode: 'SJZ', name: '刘伟', locale: 'zh-CN', insuredRegion: '130100', n: 5 },
  headManager: { employeeNo: 'M30002', unitCode: 'HQ', name: '赵强', locale: 'zh-CN', insuredRegion: '110000', n: 6 },
  finance: { employeeNo: 'F40001', unitCode: 'HQ', name: '孙丽', locale: 'zh-CN', insuredRegion: '110000', n: 7 },
  operator: { employeeNo: 'O60001', unitCode: 'HQ', name: '周航', locale: 'zh-CN', insuredRegion: '110000', n: 8 },
} as const;

const ROLES: Partial<Record<keyof typeof PEOPLE, { unitCode: string; role: string }[]>> = {
  hr: [{ unitCode: 'SJZ', role: 'hr' }],
  hrHead: [{ unitCode: 'HQ', role: 'hr' }],
  manager: [{ unitCode: 'SJZ', role: 'approver' }],
  headManager: [{ unitCode: 'HQ', role: 'approver' }],
  finance: [{ unitCode: 'HQ', role: 'finance' }],
  operator: [{ unitCode: 'HQ', role: 'operator' }],
};

/** The same people as the development's identity provider presents them. */
export const SIGN_IN_PEOPLE = Object.entries(PEOPLE).map(([who, { employeeNo, name, unitCode }]) => {
  const roles = (ROLES[who as keyof typeof PEOPLE] ?? []).map((held) => `${held.role} of ${held.unitCode}`);
  return signInPerson({ employeeNo, name, about: roles.join(', ') || `employee of ${unitCode}` });
});

/**
 * The head office and a key for the HR system, made directly in the database because nobody can call the API yet. The token is kept in the data
 * directory, and belongs to a development stack alone.
 */
export async function bootstrap({ databaseUrl, dataDir }: { databaseUrl: string; dataDir: string }): Promise<string> {
  const file = join(dataDir, 'secrets', 'api-key');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const database = openDatabase({ url: databaseUrl, poolSize: 2 });
  try {
    const { id, token, hash } = mintApiKey();
    await database.write(async (tx) => {
      const unitId = await createRootUnit(tx, HEAD_OFFICE);
      await createApiKey(tx, { id, hash, name: 'HR system of the demonstration', unitId, scopes: SCOPES });
    });
    mkdirSync(join(dataDir, 'secrets'), { recursive: true, mode: 0o700 });
    writeFileSync(file, token, { mode: 0o600 });
    return token;
  } finally {
    await database.close();
  }
}

/** Lets the system that the development's identity provider knows as `clientId` in with access tokens, for the whole group. */
export async function seedMachine({ databaseUrl, clientId }: { databaseUrl: string; clientId: string }): Promise<void> {
  const database = openDatabase({ url: databaseUrl, poolSize: 1 });
  try {
    await registerMachineClient(database, {
      unitCode: HEAD_OFFICE.code,
      clientId,
      name: 'A system of the demonstration',
      scopes: ['claims:read', 'directory:read'],
    });
  } finally {
    await database.close();
  }
}

/** Registers units, people, their accounts and quotas over the API. What is there already stays. */
export async function seedDirectory(api: ApiClient): Promise<void> {
  for (const unit of UNITS) await unlessThere(api.post('/v1/units', unit));
  for (const [who, { n, ...person }] of Object.entries(PEOPLE)) {
    const email = `${person.employeeNo.toLowerCase()}@daozhang.example`;
    const created = await unlessThere(
      api.post('/v1/employees', { ...person, email, phone: null, personNo: `1301990000000${n}`, identityNo: `99010019900307${String(n).padStart(4, '0')}` }),
    );
    if (!created) continue;
    const path = `/v1/employees/${person.employeeNo}`;
    await api.post(`${path}/accounts`, {
      holderName: person.name,
      accountNo: `622909${String(n).padStart(10, '0')}`,
      bankName: '兴业银行石家庄分行',
      bankCode: '309121003012',
    });
    await giveConsents(api, person.employeeNo);
    await api.put(`${path}/quotas/${new Date().getFullYear()}`, { limit: '100000.00' });
    const roles = ROLES[who as keyof typeof PEOPLE];
    for (const role of roles ?? []) await api.post(`${path}/roles`, role);
  }
}

/** The person agrees to all that a claim needs, in the wording in force. */
export async function giveConsents(api: ApiClient, employeeNo: string): Promise<void> {
  const { items } = await api.get<{ items: { purpose: string; version: string }[] }>('/v1/consents/texts');
  for (const { purpose, version } of items) await api.post(`/v1/employees/${employeeNo}/consents`, { purpose, textVersion: version }, { as: employeeNo });
}

/**
 * The claim of an employee insured in Shijiazhuang and treated in Beijing, with its documents uploaded: 50 000.00, of which 4 000.00 lie outside the catalogue. Two with one
 * invoice number are the same bill.
 */
export async function crossRegionClaim(
  api: ApiClient,
  { employeeNo = PEOPLE.claimant.employeeNo, invoiceNo = freshInvoiceNo() }: { employeeNo?: string; invoiceNo?: string } = {},
) {
  const kinds = ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY', 'REFERRAL_PROOF'] as const;
  const documents: { documentId: string; kind: string }[] = [];
  for (const kind of kinds) documents.push({ documentId: await uploadSample(api, kind, invoiceNo), kind });
  // each claim of the same person is of another stay, or it would be taken for the one before
  const days = 12 + (Number(invoiceNo) % 250);
  // a stay over the end of a year is claimed in two parts
  const left = daysAgo(days + 8).slice(0, 4) === daysAgo(days).slice(0, 4) ? days : days + 9;
  const invoice = { type: '1', code: '11010126', number: invoiceNo, checkCode: 'a1b2c3', amount: '50000.00', issuedOn: daysAgo(left) };
  return {
    ...{ employeeNo, kind: 'INPATIENT', circumstances: ['REFERRAL_FILED'], treatedRegion: '110000' },
    hospital: { code: 'H11010100001', name: '北京示范医院' },
    visit: { no: `V${invoiceNo}`, start: daysAgo(left + 8), end: daysAgo(left) },
    diagnoses: [{ code: 'J18.900', name: '肺炎' }],
    lines: [
      { itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '40', unitPrice: '775.00', amount: '31000.00' },
      { itemCode: 'XB01ACX002', itemName: '氯吡格雷片', itemClass: '02', quantity: '150', unitPrice: '100.00', amount: '15000.00' },
      { itemCode: 'ZA09HPZ003', itemName: '院内自制制剂', itemClass: '03', quantity: '8', unitPrice: '500.00', amount: '4000.00' },
    ],
    invoices: [invoice],
    documents,
  };
}
export type CrossRegionClaim = Awaited<ReturnType<typeof crossRegionClaim>>;

export async function submitCrossRegionClaim(
  api: ApiClient,
  { key, ...about }: { employeeNo?: string; invoiceNo?: string; key?: string } = {},
): Promise<{ number: string }> {
  const claim = await crossRegionClaim(api, about);
  return api.post('/v1/claims', claim, { as: claim.employeeNo, ...(key !== undefined && { key }) });
}

/** A visit to a doctor in the colleague's own city: 386.00, all of it in the catalogue. `without`: a document that is not handed in. */
export async function submitOutpatientClaim(api: ApiClient, { without }: { without?: string } = {}): Promise<{ number: string }> {
  const invoiceNo = freshInvoiceNo();
  const documents: { documentId: string; kind: string }[] = [];
  for (const kind of ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD'].filter((each) => each !== without))
    documents.push({ documentId: await uploadSample(api, kind, invoiceNo), kind });
  const day = daysAgo(3 + (Number(invoiceNo) % 250));
  const claim = {
    ...{ employeeNo: PEOPLE.colleague.employeeNo, kind: 'OUTPATIENT', circumstances: [], treatedRegion: '110000' },
    hospital: { code: 'H11010100001', name: '北京示范医院' },
    visit: { no: `V${invoiceNo}`, start: day, end: day },
    lines: [{ itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '4', unitPrice: '96.50', amount: '386.00' }],
    invoices: [{ type: '1', code: '11010126', number: invoiceNo, checkCode: 'd4e5f6', amount: '386.00', issuedOn: day }],
    documents,
  };
  return api.post('/v1/claims', claim, { as: claim.employeeNo });
}

/** A document that says of what it is one. */
export async function uploadSample(api: ApiClient, kind: string, of: string): Promise<string> {
  return (await api.upload({ name: `${kind.toLowerCase()}.pdf`, content: samplePdf(`${kind} ${of}`) })).id;
}

export const freshInvoiceNo = (): string => String(randomInt(10 ** 9)).padStart(10, '0');

function daysAgo(days: number): string {
  return new Date(Date.now() + 8 * 3_600_000 - days * 86_400_000).toISOString().slice(0, 10);
}

async function unlessThere(created: Promise<unknown>): Promise<boolean> {
  try {
    await created;
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'ALREADY_EXISTS') return false;
    throw error;
  }
}
