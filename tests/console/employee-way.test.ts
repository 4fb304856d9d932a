import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { billPdf } from '#dev/bills/pdf.ts';
import type { Bill } from '#dev/bills/bill.ts';
import { samplePdf } from '#dev/sample-pdf.ts';
import { freshInvoiceNo } from '#dev/seed.ts';
import { employeeNoOf, nameOf, type TestPerson } from './people.ts';
import { enter, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await enter();
});
afterAll(() => world?.close());

const day = new Date(Date.now() - 10 * 86_400_000 + 8 * 3_600_000).toISOString().slice(0, 10);

/** 100.00 + 2 000.00 = 2 100.00, all of class 甲: the simulated bureau pays 82 % of what is above 900.00, 0.82 × 1 200.00 = 984.00. */
const billOf = (who: TestPerson, number: string): Bill => ({
  ...{ type: '1', title: '河北省医疗门诊收费票据(电子)', code: '13060126', number, checkCode: 'k7f2x9', date: day, amount: '2100.00', inWords: '贰仟壹佰元整' },
  ...{ payer: nameOf(who), hospital: '石家庄市长安康宁医院' },
  lines: [
    { name: '普通门诊诊察费', itemCode: '110200001', quantity: '1', unitPrice: '100.00', amount: '100.00', level: '01' },
    { name: '阿莫西林胶囊', itemCode: 'XJ01CAA040E001010104', quantity: '50', unitPrice: '40.00', amount: '2000.00', level: '01' },
  ],
});

const attach = (page: Page, kind: string, buffer: Buffer | Uint8Array): Promise<void> =>
  page.locator(`input[data-kind=${kind}]`).setInputFiles({ name: `${kind.toLowerCase()}.pdf`, mimeType: 'application/pdf', buffer: Buffer.from(buffer) });

/** From home to the last step, as somebody with a phone and a paper bill. */
async function fillIn(page: Page, who: TestPerson): Promise<string> {
  const number = freshInvoiceNo();
  await page.getByRole('link', { name: '提交报销' }).click();
  await page.getByLabel('普通门诊').check();
  await page.getByRole('button', { name: '下一步' }).click();
  await attach(page, 'INVOICE', await billPdf(billOf(who, number)));
  await attach(page, 'FEE_LIST', samplePdf(`fee list ${number}`));
  await attach(page, 'PRESCRIPTION_OR_RECORD', samplePdf(`record ${number}`));
  await expect.poll(() => page.locator('.picker .tag.good').allInnerTexts(), { timeout: 30_000 }).toEqual(['✓ 1', '✓ 1', '✓ 1']);
  await page.getByRole('button', { name: '下一步' }).click();
  // what the bill says, and nobody had to type
  await page.getByLabel('票据号码').waitFor();
  expect(await page.getByLabel('票据号码').inputValue()).toBe(number);
  expect(await page.getByLabel('金额（元）').first().inputValue()).toBe('2100.00');
  expect(await page.getByLabel('医院', { exact: true }).inputValue()).toBe('石家庄市长安康宁医院');
  expect(await page.getByLabel('就诊日期').inputValue()).toBe(day);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByRole('heading', { name: '确认提交' }).waitFor();
  return number;
}

const claimsOf = async (who: TestPerson) =>
  (await world.api.get<{ items: { number: string; paidAmount: string }[] }>(`/v1/claims?employeeNo=${employeeNoOf(who)}`)).items;

test('from a bill to the money: photographed, checked, submitted with one confirmation, and followed live until it has arrived', async () => {
  await world.register('straight-way');
  const page = await world.signInAs('straight-way');
  await fillIn(page, 'straight-way');
  await page.getByText('预计可报').first().waitFor();
  // the directory knows the hospital, and the record the age: nobody is asked
  expect(await page.getByLabel('医院等级').count()).toBe(0);
  await page.getByRole('button', { name: '确认提交 2100.00 元' }).click();
  await page.waitForURL(/\/app\/claims\/YB\d{8}-\d{8}$/);
  // the page is not touched again: it is told of what happens
  const statuses = () => page.locator('.stages li').evaluateAll((stages) => stages.map(({ className }) => className));
  await expect.poll(statuses, { timeout: 60_000 }).toEqual(['done', 'done', 'done', 'done', 'done']);
  await expect.poll(() => page.locator('#amounts + .facts').innerText(), { timeout: 30_000 }).toMatch(/已到账\s*¥984\.00/);
  const timeline = await page.locator('.timeline').innerText();
  expect(timeline).toMatch(/申请提交成功[^]*医保局审核中[^]*石家庄市医疗保障局[^]*审核通过，报销984\.00元[^]*资金发放中[^]*已到账/);
  const [claim, ...more] = await claimsOf('straight-way');
  expect(more).toEqual([]);
  expect(claim?.paidAmount).toBe('984.00');
  // where the rest stayed: 2 100.00 − 984.00 = 900.00 deductible + 216.00 own share
  await page.getByText('哪些没有报、为什么').click();
  const cuts = await page.locator('#amounts ~ details').innerText();
  expect(cuts).toMatch(/起付线/);
  expect(cuts).toMatch(/自付/);
  await page.context().close();
});

test('a double tap, and an answer that got lost on the way, make one claim', async () => {
  await world.register('double-tap');
  const page = await world.signInAs('double-tap');
  await fillIn(page, 'double-tap');
  // no directory has this hospital: the one thing that is asked
  await page.getByRole('link', { name: '返回' }).click();
  await page.getByLabel('医院', { exact: true }).fill('石家庄无名医院');
  await page.getByRole('button', { name: '下一步' }).click();
  const grade = page.getByLabel('医院等级');
  await grade.waitFor();
  expect(await page.getByRole('heading', { name: '预计可报' }).count()).toBe(0);
  await grade.selectOption('三级');
  await page.getByRole('heading', { name: '预计可报' }).waitFor();
  const keys: string[] = [];
  await page.route('**/v1/claims', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.push(route.request().headers()['idempotency-key'] ?? '');
    if (keys.length > 1) return route.continue();
    // taken in, and nobody hears of it
    await route.fetch();
    return route.abort('connectionreset');
  });
  await page.getByRole('button', { name: /确认提交/ }).evaluate((button) => {
    (button as HTMLElement).click();
    (button as HTMLElement).click();
  });
  await page.waitForURL(/\/app\/claims\/YB/);
  expect(keys.length).toBe(2);
  expect(new Set(keys).size).toBe(1);
  const claims = await claimsOf('double-tap');
  expect(claims).toHaveLength(1);
  expect(await world.api.get(`/v1/claims/${claims[0]?.number ?? ''}`)).toMatchObject({ hospital: { code: '', name: '石家庄无名医院' } });
  // the draft became the claim: the next one is a new one
  await page.goto(world.url);
  await page.getByRole('link', { name: '提交报销' }).waitFor();
  await page.context().close();
});

test('a bill that is taken away again leaves nothing behind, and a day that has not come yet is refused where it is written', async () => {
  await world.register('spare');
  const page = await world.signInAs('spare');
  const [first, second] = [freshInvoiceNo(), freshInvoiceNo()];
  const number = page.getByLabel('票据号码');
  const next = page.getByRole('button', { name: '下一步' });
  await page.getByRole('link', { name: '提交报销' }).click();
  await page.getByLabel('普通门诊').check();
  await next.click();
  expect(await page.getByText('请先拍照或选择至少一份材料。').isVisible()).toBe(true);
  expect(await next.isDisabled()).toBe(true);
  await attach(page, 'INVOICE', await billPdf({ ...billOf('spare', first), hospital: '北京示范医院' }));
  await page.locator('.picker .tag.good').waitFor();
  await next.click();
  await number.waitFor();
  expect(await number.inputValue()).toBe(first);
  const visited = page.getByLabel('就诊日期');
  await visited.fill('2099-01-01');
  await next.click();
  await page.getByText('不能晚于今天').waitFor();
  expect(page.url()).toContain('step=check');
  expect(await visited.getAttribute('aria-invalid')).toBe('true');

  await page.getByRole('link', { name: '返回' }).click();
  await page.getByRole('button', { name: '删除 invoice.pdf' }).click();
  await attach(page, 'INVOICE', await billPdf(billOf('spare', second)));
  await page.locator('.picker .tag.good').waitFor();
  await next.click();
  await number.waitFor();
  expect(await number.inputValue()).toBe(second);
  expect(await page.getByLabel('医院', { exact: true }).inputValue()).toBe('石家庄市长安康宁医院');
  expect(await visited.inputValue()).toBe(day);
  await page.context().close();
});
