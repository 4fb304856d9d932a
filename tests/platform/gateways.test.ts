import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGateways } from '#platform/gateways.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateways-'));
  await writeFile(join(folder, 'ours'), 'what we sign with, 32 characters\n');
  await writeFile(join(folder, 'theirs'), '  what they sign with, and so on \n');
  await writeFile(join(folder, 'short'), 'too short\n');
});
afterAll(() => rm(folder, { recursive: true }));

const link = {
  url: 'http://127.0.0.1:9/hsa/130100',
  accessKey: 'dz',
  secretFile: 'ours',
  callbackAccessKey: 'sjz',
  callbackSecretFile: 'theirs',
  ratePerSecond: 20,
};
const bureau = {
  ...link,
  code: '130100',
  name: { zh: '石家庄市医疗保障局', en: 'Shijiazhuang Healthcare Security Bureau' },
  capabilities: { callbacks: true, partialApproval: true, batchQuery: true, withdraw: true, invoiceStates: true },
  pollEverySeconds: 60,
};
const bank = {
  ...link,
  code: 'CIB',
  name: { zh: '兴业银行', en: 'Industrial Bank' },
  payerAccount: '117010100100000177',
  payerName: '到账示范集团',
  customerId: '1100343164',
  userId: 'daozhang',
  returnWindowSeconds: 86_400,
  queryAfterSeconds: 900,
};
const file = { institutionCode: 'DZ1301000001', institutionName: '到账示范集团', bureaus: [bureau], banks: [bank] };

async function read(content: unknown) {
  const path = join(folder, 'gateways.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readGateways(path);
}

test('reads declarations and the secrets beside them', async () => {
  const gateways = await read(file);
  expect(gateways.institution).toEqual({ code: 'DZ1301000001', name: '到账示范集团' });
  expect(gateways.bureaus[0]).toMatchObject({ code: '130100', pollEverySeconds: 60, timeoutSeconds: 10 });
  expect(gateways.banks[0]).toMatchObject({ code: 'CIB', queryAfterSeconds: 900, timeoutSeconds: 15 });
  expect(gateways.bureaus[0]?.secret.export().toString()).toBe('what we sign with, 32 characters');
  expect(gateways.banks[0]?.callbackSecret.export().toString()).toBe('what they sign with, and so on');
});

test('no secret shows when the declarations are printed', async () => {
  const gateways = await read(file);
  expect(inspect(gateways, { depth: 9 }) + JSON.stringify(gateways)).not.toContain('sign with');
});

test('names every bad field at once', async () => {
  const bad = {
    ...file,
    institutionCode: 'DZ13',
    bureaus: [{ ...bureau, code: '13', url: 'ftp://gateway', ratePerSecond: 0, colour: 'red' }],
    banks: [{ ...bank, url: 'https://user:pass@bank.example', queryAfterSeconds: -1 }],
  };
  const message = await read(bad).then(String, String);
  for (const field of ['institutionCode', 'bureaus.0.code', 'bureaus.0.url', 'bureaus.0.ratePerSecond', 'colour', 'banks.0.url', 'banks.0.queryAfterSeconds']) {
    expect(message).toContain(field);
  }
});

test('names every secret that is missing or too short, and what is declared twice', async () => {
  const message = await read({
    ...file,
    bureaus: [
      { ...bureau, secretFile: 'nowhere' },
      { ...bureau, callbackSecretFile: 'short' },
    ],
  }).then(String, String);
  expect(message).toContain('bureaus.0.secretFile: ENOENT');
  expect(message).toContain('bureaus.1.callbackSecretFile: short holds fewer than 16 bytes');
  expect(message).toContain('bureaus.1.code: used twice');
  expect(message).toContain('bureaus.1.callbackAccessKey: used twice');
  expect(message).not.toContain('too short');
});

test('says so where the file is absent or not JSON', async () => {
  await expect(readGateways(join(folder, 'absent.json'))).rejects.toThrow('ENOENT');
  await expect(read('{"institutionCode": ')).rejects.toThrow('not JSON');
  await expect(read('[]')).rejects.toThrow('(file)');
});
