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

export const HEAD_OFFICE = { code: 'HQ', name: '到账示范集团', nameEn: 'Daozhang Demonstration Group', region: '110000' };

/** Three companies in two regions, and a department. */
const UNITS = [
  { code: 'SJZ', name: '石家庄制造有限公司', nameEn: 'Shijiazhuang Manufacturing', parentCode: 'HQ', region: '130100' },
  { code: 'SJZ-RD', name: '石家庄研发中心', nameEn: 'Shijiazhuang Research', parentCode: 'SJZ', region: '130100' },
  {
    ...{ code: 'HBL', name: '河北物流有限公司', nameEn: 'Hebei Logistics', parentCode: 'HQ', region: '130100' },
    // so that finance has something to release
    settings: { payoutLimits: { perInstruction: '8000.00' } },
  },
  { code: 'BJ', name: '北京科技有限公司', nameEn: 'Beijing Technology', parentCode: 'HQ', region: '110000' },
  {
    ...{ code: 'HBL-W', name: '河北物流仓储部', nameEn: 'Hebei Logistics, warehouse', parentCode: 'HBL', region: '130100' },
    // impatient, so that something is overdue within seconds
    settings: {
      serviceLevels: {
        bureauReview: { remindAfter: { seconds: 2 }, escalateAfter: { seconds: 5 }, escalateAgainAfter: { workingDays: 25 } },
        taskDue: { dueAfter: { seconds: 5 } },
      },
    },
  },
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
  driver: { employeeNo: 'E10003', unitCode: 'HBL', name: '何平', locale: 'zh-CN', insuredRegion: '130100', n: 9 },
  loader: { employeeNo: 'E10004', unitCode: 'HBL', name: '郭涛', locale: 'zh-CN', insuredRegion: '130100', n: 10 },
  packer: { employeeNo: 'E10005', unitCode: 'HBL-W', name: '马兰', locale: 'zh-CN', insuredRegion: '130100', n: 11 },
  operator: { employeeNo: 'O60001', unitCode: 'HQ', name: '周航', locale: 'zh-CN', insuredRegion: '110000', n: 8 },
} as const;

const ROLES: Partial<Record<keyof typeof PEOPLE, { unitCode: string; role: string }[]>> = {
  hr: [{ unitCode: 'SJZ', role: 'hr' }],
  hrHead: [{ unitCode: 'HQ', role: 'hr' }],
  manager: [
    { unitCode: 'SJZ', role: 'approver' },
    { unitCode: 'HBL-W', role: 'approver' },
  ],
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

export const freshInvoiceNo = (): string => String(randomInt(10 ** 9)).padStart(10, '0');

async function unlessThere(created: Promise<unknown>): Promise<boolean> {
  try {
    await created;
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'ALREADY_EXISTS') return false;
    throw error;
  }
}
