import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '#dev/run-stack.ts';
import { samplePdf } from '#dev/sample-pdf.ts';
import { tasksOf } from './approvals.ts';
import { makeDecisions, stateOf, type Decisions } from './decisions.ts';
import { employeeNo, enter, violations, type Who, type World } from './world.ts';

/* What a branch's manager, its HR and the group's finance decide, each beside what they have to know for it. */

let world: World;
let claims: Decisions;
beforeAll(async () => {
  world = await enter();
  claims = await makeDecisions(world, 'SJZ-DC');
}, 240_000);
afterAll(() => world?.close());

/** The page of the one task that this person has on the claim. */
async function openTask(who: Who, number: string, kind: string): Promise<Page> {
  const task = await eventually(`${kind} of ${number}`, async () =>
    (await tasksOf(world, employeeNo(who))).find((one) => one.claimNumber === number && one.kind === kind),
  );
  const page = await world.signInAs(who, { width: 1280 });
  await page.goto(`${world.url}/app/manager/tasks/${task.id}`);
  await page.getByRole('heading', { name: '处理' }).waitFor();
  return page;
}

async function decide(page: Page, choice: string, comment?: string): Promise<void> {
  await page.getByRole('radio', { name: new RegExp(`^${choice}`) }).check();
  if (comment !== undefined) await page.getByLabel('说明').fill(comment);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByRole('button', { name: `确认${choice}` }).click();
  await page.getByText(`已处理：${choice}`).waitFor();
  await page.context().close();
}

const remarks = async (number: string): Promise<string[]> =>
  (await world.api.get<{ items: { remark: { zh: string } }[] }>(`/v1/claims/${number}/history`)).items.map(({ remark }) => remark.zh);

test('a branch manager gives a silent bureau its time again, and sees what each choice does', async () => {
  const { number } = claims.waits;
  const page = await openTask('branch-manager', number, 'ESCALATION');
  await page.getByText('医保局超过时限未答复，请单位负责人决定怎么办。').waitFor();
  await page.getByRole('list', { name: '最近经过' }).getByText('医保局已受理').waitFor();
  expect(await page.getByRole('radio').evaluateAll((all) => all.map((each) => each.parentElement?.innerText.replace('\n', '：')))).toEqual([
    '继续等待：医保局重新得到完整的审核时限；再次超时会升级到总部。',
    '重新提交医保局：向医保局重新发送同一申请。',
    '录入书面决定：录入后须由另一人复核。',
    '退回：退回申请人补充材料，补齐后重新提交医保局。',
    '拒绝：由单位结束申请，不再等医保局；申请人可申请复核，由另一人审理。',
  ]);
  expect(await violations(page)).toEqual([]);
  await decide(page, '继续等待');
  expect((await remarks(number)).at(-1)).toContain('继续等待');
  expect(await stateOf(world, number, () => true)).toBe('IN_REVIEW');
});

test('a letter of the bureau is filed and entered by one, confirmed by another, and the payment it leads to is released by finance', async () => {
  const { number } = claims.written;
  const page = await openTask('branch-manager', number, 'ESCALATION');
  await page.getByRole('radio', { name: /^录入书面决定/ }).check();
  await page.locator('.written').waitFor();
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByText('请选择或上传扫描件。').waitFor();
  await page.locator('.written input[type=file]').setInputFiles({ name: '决定书.pdf', mimeType: 'application/pdf', buffer: Buffer.from(samplePdf('LETTER')) });
  await page.getByRole('button', { name: '上传书面决定' }).waitFor();
  await page.getByLabel('决定文号').fill('冀医保决 7 号');
  // more than the line, and nothing at all, are refused before anything is sent
  const granted = page.getByLabel(/准予报销/);
  await granted.fill('1600');
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByText('准予金额不能超过该行金额').waitFor();
  await granted.fill('0');
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByText('结论与金额矛盾').waitFor();
  await granted.fill('1200.50');
  await page.getByText('1,200.50 / 1,526.00').waitFor();
  await decide(page, '录入书面决定');
  // who entered it may not confirm it
  expect(await tasksOf(world, employeeNo('branch-manager')).then((all) => all.filter((one) => one.claimNumber === number))).toEqual([]);

  const second = await openTask('headManager', number, 'CONFIRM_DECISION');
  const entered = second.locator('section', { hasText: '他人录入的书面决定' });
  await entered.getByText('冀医保决 7 号').waitFor();
  await entered.getByText('决定书.pdf').waitFor();
  await entered.getByRole('row', { name: /葡萄糖注射液 1,526.00 1,200.50/ }).waitFor();
  await second.getByRole('button', { name: '其他材料' }).click();
  await second.getByRole('img', { name: '其他材料，第 1 页' }).waitFor();
  await decide(second, '确认无误');

  const finance = await openTask('finance', number, 'PAYOUT_ATTENTION');
  const trouble = finance.locator('section', { hasText: '付款情况' });
  await trouble.getByText('超出单笔限额').waitFor();
  await trouble.getByText('还没有向银行发出付款。').waitFor();
  await trouble.getByText('¥1,200.50').waitFor();
  await trouble.getByText('还没有付款指令。').waitFor();
  await decide(finance, '本笔放行', '已核对决定书');
  expect(await stateOf(world, number, (state) => state === 'PAID')).toBe('PAID');
  const { items } = await world.api.get<{ items: { amount: string; status: string }[] }>(`/v1/claims/${number}/payments`);
  expect(items).toMatchObject([{ amount: '1200.50', status: 'SUCCEEDED' }]);
});

test('two bills of one visit are no duplicate, which HR says with a reason that is kept', async () => {
  const { first, second } = claims;
  const page = await openTask('branch-hr', second.number, 'DUPLICATE_REVIEW');
  await page.getByText('就诊号相同').waitFor();
  // the other claim beside this one: what is the same is marked, the invoices are not
  await page.getByRole('row', { name: /金额 1,526.00 1,526.00 相同/ }).waitFor();
  await page.getByRole('row', { name: `票据号码 ${second.invoiceNo} ${first.invoiceNo}`, exact: true }).waitFor();
  await page.getByRole('radio', { name: /^不是重复/ }).check();
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByText('请填写说明。').waitFor();
  expect(await violations(page)).toEqual([]);
  await decide(page, '不是重复', '同一次就诊开了两张票据');
  await stateOf(world, second.number, (state) => state === 'IN_REVIEW');
  const { items } = await world.api.get<{ items: { cleared: { comment: string } | null }[] }>(`/v1/claims/${second.number}/matches`);
  expect(items.map(({ cleared }) => cleared?.comment)).toContain('同一次就诊开了两张票据');
});

test('HR overrules what the pre-review found, told what that means, beside what was read of a file without a picture', async () => {
  const { number, invoiceNo } = claims.doubted;
  const page = await openTask('branch-hr', number, 'PRE_REVIEW');
  const finding = page.locator('.findings > li').first();
  await finding.getByText('医保局显示票据已报销').waitFor();
  await finding.getByText(`票据 ${invoiceNo}`).waitFor();
  await finding.getByText('申请人无法更正，由人力资源判断。').waitFor();
  await page.getByText('您判断阻止提交的预审意见不成立').waitFor();
  // no picture of a data file, but its contents, and the file for HR
  const reading = page.locator('.reading');
  await reading.getByText('bill.xml 是数据文件，没有图像').waitFor();
  await reading.getByText(invoiceNo).waitFor();
  await reading.getByText('1,526.00').first().waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), reading.getByRole('link', { name: '下载原件' }).click()]);
  expect(file.suggestedFilename()).toBe('bill.xml');
  await decide(page, '不采纳，继续办理', '已与医保局电话核实');
  const { items } = await world.api.get<{ items: { about: string; overruled: { comment: string } | null }[] }>(`/v1/claims/${number}/findings`);
  expect(items.find(({ about }) => about === 'CLAIMED')?.overruled?.comment).toBe('已与医保局电话核实');

  // the bureau says the same, as an answer of its own, and the next task says why
  const again = await openTask('branch-hr', number, 'BUREAU_ANSWER_CHECK');
  await again.getByText('医保局没有受理：票据已在医保局报销').waitFor();
  await again.context().close();
});
