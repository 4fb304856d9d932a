import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BILLS, type Bill } from '#dev/bills/bill.ts';
import { structuredXml } from '#dev/bills/xml.ts';
import { samplePdf } from '#dev/sample-pdf.ts';
import { eventually } from '#dev/run-stack.ts';
import { freshInvoiceNo } from '#dev/seed.ts';
import { employeeNoOf, nameOf, type TestPerson } from './people.ts';
import { enter, type World } from './world.ts';

/* What an employee does about a claim that is there already: confirm it, appeal, submit it again, withdraw it, mend the account. */

let world: World;
beforeAll(async () => {
  world = await enter();
});
afterAll(() => world?.close());

const REGION = '130100';
const HOSPITAL = { code: 'H13010000001', name: '石家庄示范医院' };
const dayBefore = (days: number): string => new Date(Date.now() + 8 * 3_600_000 - days * 86_400_000).toISOString().slice(0, 10);

async function control(base: string, method: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${base}/_control${path}`, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

const digitsOf = (who: TestPerson): string => employeeNoOf(who).slice(1);
const stateOf = async (number: string) => (await world.api.get<{ state: string }>(`/v1/claims/${number}`)).state;
const toBe = (number: string, state: string) => eventually(`${number} to be ${state}`, async () => (await stateOf(number)) === state || undefined);

/** The e-bill of such a claim. */
const billXml = (about: Pick<Bill, 'payer' | 'number' | 'date'>): string =>
  structuredXml({
    ...{ ...BILLS.outpatient, ...about, code: '13010126', checkCode: 'a1b2c3', amount: '1200.00', hospital: HOSPITAL.name },
    lines: [{ name: '葡萄糖注射液', itemCode: 'XB05BBF271B002', quantity: '2', unitPrice: '600.00', amount: '1200.00', level: '01' }],
  });

/** 1 200.00 for a visit at home, with all its documents; `rulings`: what the bureau will say, settled before it can say anything; [] lets it wait, absent: as its plan says. */
async function submit(
  who: TestPerson,
  { rulings, daysAgo = 4, payer }: { rulings?: readonly Record<string, unknown>[]; daysAgo?: number; payer?: string } = {},
): Promise<string> {
  const [employeeNo, invoiceNo, day] = [employeeNoOf(who), freshInvoiceNo(), dayBefore(daysAgo)];
  const documents: { documentId: string; kind: string }[] = [];
  for (const kind of ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD']) {
    const bill = kind === 'INVOICE' && payer !== undefined ? billXml({ payer, number: invoiceNo, date: day }) : undefined;
    const { id } = await world.api.upload({ name: `${kind}.xml`, content: Buffer.from(bill ?? `<${kind.toLowerCase()} no="${invoiceNo}"/>`) });
    documents.push({ documentId: id, kind });
  }
  const claim = {
    ...{ employeeNo, kind: 'OUTPATIENT', treatedRegion: REGION, hospital: HOSPITAL, visit: { start: day, end: day }, documents, draft: true },
    lines: [{ itemCode: 'XB05BBF271B002', itemName: '葡萄糖注射液', itemClass: '01', quantity: '2', unitPrice: '600.00', amount: '1200.00' }],
    invoices: [{ type: '1', code: '13010126', number: invoiceNo, checkCode: 'a1b2c3', amount: '1200.00', issuedOn: day }],
  };
  const { number } = await world.api.post<{ number: string }>('/v1/claims', claim, { as: employeeNo });
  if (rulings) await control(world.bureauUrl, 'PUT', `/bureaus/${REGION}/claims/${number}`, { rulings });
  await world.api.post(`/v1/claims/${number}/confirm`, {}, { as: employeeNo });
  return number;
}

const open = (page: Page, number: string) => page.goto(`${world.url}/app/claims/${number}`);

test('a claim that a bureau’s notice of a visit has made is confirmed with one tap, and goes on', async () => {
  await world.register('one-tap');
  const visit_no = `V${freshInvoiceNo()}`;
  const day = dayBefore(2);
  await control(world.bureauUrl, 'POST', `/bureaus/${REGION}/visits`, {
    ...{ visit_no, psn_no: `13019900${digitsOf('one-tap')}`, insuplc_admdvs: REGION, mdtrtarea_admvs: REGION, med_type: '11' },
    ...{ fixmedins_code: HOSPITAL.code, fixmedins_name: HOSPITAL.name, begntime: `${day} 08:00:00`, endtime: `${day} 09:00:00`, medfee_sumamt: '526.00' },
    feedetail: [
      {
        ...{ feedetl_sn: '1', med_list_codg: 'XB05BBF271B002', med_list_name: '葡萄糖注射液', chrgitm_lv: '01', cnt: '2' },
        ...{ pric: '263.00', det_item_fee_sumamt: '526.00' },
      },
    ],
    invoices: [
      {
        ...{ elecSetlCertType: '1', elecSetlCertCode: '13010126', elecSetlCertNo: freshInvoiceNo(), elecSetlCertChkcode: '4f2a1c' },
        ...{ billAmt: '526.00', billDate: day },
      },
    ],
  });
  const employeeNo = employeeNoOf('one-tap');
  const number = await eventually('the draft', async () => {
    const { items } = await world.api.get<{ items: { number: string }[] }>(`/v1/claims?employeeNo=${employeeNo}`);
    return items[0]?.number;
  });
  const page = await world.signInAs('one-tap');
  await page.getByRole('link', { name: '需要您处理' }).click();
  // what is confirmed is there to be seen
  await page.getByText('1. 葡萄糖注射液').waitFor();
  expect(await page.getByText(HOSPITAL.name).isVisible()).toBe(true);
  await page.getByRole('button', { name: '确认并提交' }).click();
  // told without being touched again: nobody has handed in a document yet
  await page.getByText('待补材料').waitFor();
  await page.getByRole('link', { name: '补上缺的材料' }).click();
  for (const kind of ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD'])
    await page
      .locator(`input[data-kind=${kind}]`)
      .setInputFiles({ name: `${kind}.pdf`, mimeType: 'application/pdf', buffer: Buffer.from(samplePdf(`${kind} ${visit_no}`)) });
  await expect.poll(() => page.locator('.picker .tag.good').allInnerTexts(), { timeout: 30_000 }).toEqual(['✓ 1', '✓ 1', '✓ 1']);
  // who goes back is not asked for the same documents again: all that is left to do is to say so
  await page.getByRole('link', { name: '返回' }).click();
  const said = page.getByRole('button', { name: '材料已齐' });
  await said.waitFor();
  expect(await page.locator('section[aria-label=下一步] li').count()).toBe(0);
  await said.click();
  await page.getByText('材料已补充').waitFor();
  await eventually('the claim to go on', async () => !['DRAFT', 'PENDED_INFO'].includes(await stateOf(number)) || undefined);
  await page.context().close();
});

test('a denial is appealed against while there is time, which is counted down, and what was denied is submitted again', async () => {
  await world.register('appellant');
  const denial = { outcome: 'deny', resn: [{ code: '27', text: '就诊日不在参保期内' }], delayMs: 0 };
  const [number, second] = await Promise.all([submit('appellant', { rulings: [denial] }), submit('appellant', { rulings: [denial], daysAgo: 40 })]);
  await Promise.all([toBe(number, 'DENIED'), toBe(second, 'DENIED')]);
  // the appeal stays with the bureau
  await control(world.bureauUrl, 'PUT', `/bureaus/${REGION}/claims/${number}`, { rulings: [] });
  const page = await world.signInAs('appellant');
  await open(page, number);
  const { appealableUntil } = await world.api.get<{ appealableUntil: string }>(`/v1/claims/${number}/progress`, { as: employeeNoOf('appellant') });
  const shanghaiDay = (at: number) => Math.floor((at + 8 * 3_600_000) / 86_400_000);
  const left = `剩余 ${shanghaiDay(Date.parse(appealableUntil)) - shanghaiDay(Date.now())} 天`;
  await page.getByText(left).waitFor();
  await page.getByRole('link', { name: '申请复核' }).click();
  await page.getByText(left).waitFor();
  await page.getByText('原决定：').waitFor();
  await page.getByRole('button', { name: '提交复核申请' }).click();
  await page.getByText('请填写').waitFor();
  expect(await stateOf(number)).toBe('DENIED');
  await page.getByLabel('您为什么认为应当报销？').fill('就诊当日在参保期内，见缴费记录。');
  await page.getByRole('button', { name: '提交复核申请' }).click();
  await page.waitForURL(`${world.url}/app/claims/${number}`);
  await page.getByText('复核中').first().waitFor();
  await page.getByRole('link', { name: '申请复核' }).waitFor({ state: 'detached' });

  await open(page, second);
  await page.getByRole('button', { name: '更正后重新提交' }).click();
  // everything that it had
  await page.getByRole('heading', { name: '拍下材料' }).waitFor();
  await expect.poll(() => page.locator('.picker .tag.good').allInnerTexts()).toEqual(['✓ 1', '✓ 1', '✓ 1']);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByLabel('票据号码').waitFor();
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByRole('button', { name: '确认提交 1200.00 元' }).click();
  await page.waitForURL((url) => /\/app\/claims\/YB/.test(url.pathname) && !url.pathname.endsWith(second));
  const again = page.url().slice(-19);
  expect(await world.api.get<{ priorClaim: string; submittedAmount: string }>(`/v1/claims/${again}`)).toMatchObject({
    ...{ priorClaim: second, submittedAmount: '1200.00' },
  });

  // one that lies with the bureau is taken back
  const third = await submit('appellant', { rulings: [], daysAgo: 80 });
  await toBe(third, 'IN_REVIEW');
  await open(page, third);
  await page.getByText('其他操作').click();
  await page.getByRole('button', { name: '撤回申请' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '撤回申请' }).click();
  await page.getByText('已撤回').first().waitFor();
  await toBe(third, 'WITHDRAWN');
  await page.context().close();
});

test('a bill with another name on it is named as wrong, replaced by the right one, and the claim goes on', async () => {
  await world.register('wrong-bill');
  const number = await submit('wrong-bill', { payer: '别人' });
  await toBe(number, 'PENDED_INFO');
  const { invoices } = await world.api.get<{ invoices: { number: string; issuedOn: string }[] }>(`/v1/claims/${number}`);
  const page = await world.signInAs('wrong-bill');
  await open(page, number);
  await page.getByRole('link', { name: '补充材料' }).click();
  await page.getByText('原来的这份不符').waitFor();
  const done = page.getByRole('button', { name: '材料已齐' });
  expect(await done.isDisabled()).toBe(true);
  const right = billXml({ payer: nameOf('wrong-bill'), number: invoices[0]?.number ?? '', date: invoices[0]?.issuedOn ?? '' });
  await page.locator('input[data-kind=INVOICE]').setInputFiles({ name: 'right.xml', mimeType: 'application/xml', buffer: Buffer.from(right) });
  await page.getByText('原来的这份不符').waitFor({ state: 'detached' });
  // a reload finds what was handed in
  await page.reload();
  await page.getByText('right.xml').waitFor();
  await done.click();
  await eventually('the claim to go on', async () => (await stateOf(number)) !== 'PENDED_INFO' || undefined);
  await page.context().close();
});

test('an account that the bank does not know any more is changed from the claim, shown masked alone, and the money arrives', async () => {
  await world.register('new-account');
  await control(world.bankUrl, 'PUT', '/payees', { account: `6229090000${digitsOf('new-account')}`, state: 'closed' });
  const number = await submit('new-account');
  const page = await world.signInAs('new-account');
  await open(page, number);
  await page.getByRole('link', { name: '更换收款账户' }).click();
  const accountNo = `62170${digitsOf('new-account')}4321`;
  await page.getByLabel('银行卡号').fill(accountNo.replaceAll(/(\d{4})(?=\d)/g, '$1 '));
  await page.getByLabel('开户银行').fill('建设银行石家庄分行');
  await page.getByLabel('联行号').fill('105121003');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByText('联行号是 12 位数字').waitFor();
  await page.getByLabel('联行号').fill('105121003012');
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL(`${world.url}/app/claims/${number}`);
  await expect
    .poll(() => page.locator('.stages li').evaluateAll((stages) => stages.map(({ className }) => className)), { timeout: 60_000 })
    .toEqual(Array.from({ length: 5 }, () => 'done'));
  // 0.82 × (1 200.00 − 900.00) = 246.00, twice: not to the one, then to the other
  const payments = () => page.locator('#amounts ~ ul').innerText();
  await expect.poll(payments, { timeout: 30_000 }).toMatch(/付款未成功 · 尾号 \d{4}\s*¥246\.00[^]*付款成功 · 尾号 4321\s*¥246\.00/);

  const answers: string[] = [];
  page.on('response', (response) => {
    if (response.url().includes('/v1/'))
      void response.text().then(
        (text) => answers.push(text),
        () => undefined,
      );
  });
  await page.goto(`${world.url}/app/me`);
  await page.getByText(`···· ${accountNo.slice(-4)}`).waitFor();
  await expect.poll(() => answers.join('')).toContain(accountNo.slice(-4));
  expect(answers.join('')).not.toContain(accountNo);
  expect(await page.content()).not.toContain(accountNo);

  await page.getByRole('link', { name: '个人信息授权' }).click();
  await page
    .getByRole('button', { name: /^撤回同意/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('撤回后：').waitFor();
  await dialog.getByRole('button', { name: '撤回同意' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('未同意').waitFor();
  const consents = () => world.api.get<{ items: { counts: boolean }[] }>(`/v1/employees/${employeeNoOf('new-account')}/consents`);
  const open_ = async () => (await consents()).items.filter(({ counts }) => !counts).length;
  expect(await open_()).toBe(1);
  await page.getByRole('link', { name: '返回' }).click();
  await page.getByText('1 项未同意').click();
  await page.getByRole('button', { name: /^同意：/ }).click();
  await page.getByRole('button', { name: /^同意：/ }).waitFor({ state: 'detached' });
  expect(await open_()).toBe(0);
  await page.context().close();
});

test('somebody who will be away has a colleague stand in, who sees it, and ends it again', async () => {
  await world.register('absent');
  const page = await world.signInAs('absent');
  await page.goto(`${world.url}/app/delegation`);
  await page.getByLabel('代理人工号').fill('T99999');
  await page.getByLabel('到哪天为止').fill(dayBefore(-3));
  await page.getByRole('button', { name: '设置' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('代理人工号').fill(employeeNoOf('one-tap'));
  await page.getByRole('button', { name: '设置' }).click();
  await page.getByText(`由 ${employeeNoOf('one-tap')} 代理您`).waitFor();
  const colleague = await world.signInAs('one-tap');
  await colleague.goto(`${world.url}/app/delegation`);
  await colleague.getByText(`您代理 ${employeeNoOf('absent')}`).waitFor();
  // it is the absent person's to end
  expect(await colleague.getByRole('button', { name: /^结束/ }).count()).toBe(0);
  await page.getByRole('button', { name: /^结束/ }).click();
  await page.getByText('当前没有代理').waitFor();
  for (const one of [page, colleague]) await one.context().close();
});
