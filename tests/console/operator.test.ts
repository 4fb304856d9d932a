import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PEOPLE } from '#dev/seed.ts';
import { stuckClaim } from './stuck-claim.ts';
import { enter, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await enter();
});
afterAll(() => world?.close());

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const dialog = (page: Page) => page.getByRole('dialog');

/** Presses a button of the claim's desk, gives the reason, and carries it out. */
async function operate(page: Page, name: string, reason: string): Promise<void> {
  await button(page, name).click();
  await dialog(page).getByLabel('原因').fill(reason);
  await dialog(page).getByRole('button', { name, exact: true }).click();
  await dialog(page).waitFor({ state: 'detached' });
}

test('an operator finds a claim whose call fails, sees why, and has it tried again', async () => {
  const { number, mend } = await stuckClaim(world);
  const page = await world.signInAs('operator', { width: 1280 });
  await page.getByRole('link', { name: '运行' }).click();
  const group = page.getByRole('region', { name: '调用失败，正在重试' });
  await group.getByRole('link', { name: '提交医保局' }).click();
  await page.getByRole('link', { name: number }).click();

  const workflow = page.getByRole('region', { name: '流程', exact: true });
  await workflow.getByText('DZ01 HTTP_').first().waitFor();
  expect(await workflow.getByText('提交医保局').first().isVisible()).toBe(true);
  expect(await page.getByText('北京示范医院').count()).toBe(0);

  await button(page, '立即重试').click();
  await dialog(page).getByRole('button', { name: '立即重试' }).click();
  // nothing is sent without a reason
  await dialog(page).getByText('请填写原因').waitFor();
  await dialog(page).getByLabel('原因').fill('医保局已恢复');
  await dialog(page).getByRole('button', { name: '立即重试' }).click();
  await dialog(page).waitFor({ state: 'detached' });
  const transitions = page.getByRole('region', { name: '申请的流转' });
  await transitions.getByText('运维人员要求立即重试未成功的调用').waitFor();
  // only now, or the call might have gone through by itself before somebody pressed; the pauses between attempts are short again from here on
  await mend();
  await transitions.getByText('医保局已受理').waitFor();
  await page.context().close();
});

test('a workflow is terminated only by who types the number of its claim, and recovered', async () => {
  const { number, mend } = await stuckClaim(world);
  // on a phone
  const page = await world.signInAs('operator');
  await page.goto(`${world.url}/app/operator`);
  await page.getByLabel('申请编号').fill(number.toLowerCase());
  await button(page, '打开').click();

  await button(page, '终止流程').click();
  await dialog(page).getByLabel('原因').fill('任务反复失败');
  await dialog(page).getByLabel('输入申请编号以确认').fill('YB20260101-00000001');
  await dialog(page).getByRole('button', { name: '终止流程' }).click();
  await dialog(page).getByText(`与申请编号 ${number} 不一致`).waitFor();
  expect(
    await world.api.get<{ groups: { reason: string }[] }>('/v1/operations/stuck').then(({ groups }) => groups.some(({ reason }) => reason === 'NO_WORKFLOW')),
  ).toBe(false);
  await dialog(page).getByLabel('输入申请编号以确认').fill(number);
  await dialog(page).getByRole('button', { name: '终止流程' }).click();

  const workflow = page.getByRole('region', { name: '流程', exact: true });
  await workflow.getByText('已终止').waitFor();
  await operate(page, '恢复流程', '重新开始');
  await workflow.getByText('运行中').waitFor();
  const transitions = page.getByRole('region', { name: '申请的流转' });
  await transitions.getByText('运维人员恢复了流程').waitFor();

  await operate(page, '暂停申请', '核查');
  await transitions.getByText('申请已暂停').waitFor();
  await operate(page, '恢复申请', '核查完毕');
  await transitions.getByText('申请已恢复').waitFor();
  await mend();
  await page.context().close();
});

test('what is announced stands on top of the pages of those below the unit, until it is ended', async () => {
  const operator = await world.signInAs('operator', { width: 1280 });
  await operator.goto(`${world.url}/app/operator/announcements`);
  await operator.getByText('发布公告').first().click();
  await operator.getByLabel('单位代码').fill('BJ');
  await operator.getByLabel('中文').fill('今晚二十二点起维护');
  await operator.getByLabel('英文').fill('Maintenance from 22:00');
  await operator.getByLabel('原因').fill('升级');
  await button(operator, '发布公告').click();
  await operator.getByText('已发布').waitFor();

  const colleague = await world.signInAs('colleague');
  await colleague.getByText('今晚二十二点起维护').waitFor();
  const claimant = await world.signInAs('claimant');
  expect(await claimant.getByText('今晚二十二点起维护').count()).toBe(0);

  await button(operator, '提前结束: 今晚二十二点起维护').click();
  await dialog(operator).getByLabel('原因').fill('提前完成');
  await dialog(operator).getByRole('button', { name: '提前结束' }).click();
  await dialog(operator).waitFor({ state: 'detached' });
  const { items } = await world.api.get<{ items: unknown[] }>('/v1/outages', { as: PEOPLE.colleague.employeeNo });
  expect(items).toEqual([]);
  for (const page of [operator, colleague, claimant]) await page.context().close();
});
