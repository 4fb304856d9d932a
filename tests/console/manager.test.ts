import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '#dev/run-stack.ts';
import { makeApprovals, tasksOf, type Approvals } from './approvals.ts';
import { employeeNoOf } from './people.ts';
import { enter, signInHere, violations, type World } from './world.ts';

/* A manager's day: from the link in a message to the one task, alone and many at once, with what others do meanwhile shown as it happens. */

let world: World;
let approvals: Approvals;
beforeAll(async () => {
  world = await enter();
  approvals = await makeApprovals(world, { who: 'approver', unitCode: 'SJZ-MG', count: 4 });
}, 240_000);
afterAll(() => world?.close());

const hold = (number: string) => world.api.post(`/v1/claims/${number}/hold`, { reason: '核查' }, { as: 'H20001' });
const stateOf = async (number: string): Promise<string> => (await world.api.get<{ state: string }>(`/v1/claims/${number}`)).state;

test('a link in a message leads, over the sign-in, to the one task, which is decided beside its documents', async () => {
  const [number = ''] = approvals.claims;
  type Mail = { to: string[]; text: string };
  const mail = await eventually('the message', async () => {
    const mails = (await (await fetch(`${world.mailUrl}/mails`)).json()) as Mail[];
    return mails.find(({ to, text }) => to.join().includes(approvals.approver.toLowerCase()) && text.includes(number));
  });
  const [link = ''] = /https?:\/\/\S+/.exec(mail.text) ?? [];
  expect(link).toBe(`${world.url}/app/manager/claims/${number}`);

  const page = await world.open();
  await page.goto(link);
  await page.getByRole('main').getByRole('button', { name: '登录' }).click();
  await signInHere(page, approvals.approver);
  await page.getByRole('heading', { level: 1, name: '审批 · 工人甲' }).waitFor();
  expect(new URL(page.url()).pathname).toMatch(/^\/app\/manager\/tasks\//);
  // the document is there to be seen
  const preview = page.getByRole('img', { name: '医疗收费票据，第 1 页' });
  await preview.waitFor();
  expect(await preview.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth > 100))).toBe(true);

  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByText('请先选择一项决定').waitFor();
  await page.getByRole('radio', { name: /^拒绝/ }).check();
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByText('请填写说明。').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('radio', { name: /^同意/ }).check();
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByRole('dialog').getByText(`对申请 ${number}（工人甲，¥1,526.00）的决定：同意。`).waitFor();
  expect(await stateOf(number)).toBe('SUBMITTED');
  await page.getByRole('button', { name: '确认同意' }).click();
  await page.getByText('已处理：同意').waitFor();
  await eventually('the claim to go on', async () => ((await stateOf(number)) === 'SUBMITTED' ? undefined : true));
  await page.getByRole('link', { name: /^已办/ }).click();
  await page.getByText('您的处理：同意').waitFor();
  await page.context().close();
});

test('what somebody else does meanwhile shows without being asked for', async () => {
  const number = approvals.claims[1] ?? '';
  const task = (await tasksOf(world, approvals.approver)).find(({ claimNumber }) => claimNumber === number);
  const page = await world.signInAs('approver');
  await page.goto(`${world.url}/app/manager/tasks/${task?.id}`);
  await page.getByRole('heading', { name: '处理' }).waitFor();
  await hold(number);
  await page.getByText('申请已暂停，恢复之前不能处理').waitFor();
  // and who tries all the same is told so in words
  await page.getByRole('radio', { name: /^同意/ }).check();
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByRole('button', { name: '确认同意' }).click();
  await page.getByRole('alert').getByText('申请已暂停').waitFor();
  await page.context().close();
});

test('many at once: what would become of each, then what became of it, and one that was held in between is refused alone', async () => {
  const page = await world.signInAs('approver', { width: 1280 });
  await page.goto(`${world.url}/app/manager`);
  await page.getByRole('checkbox').nth(2).waitFor();
  expect(await page.getByRole('link', { name: /^待办 ?\d/ }).innerText()).toMatch(/3$/);
  for (const box of await page.getByRole('checkbox').all()) await box.check();
  await page.getByText('已选 3 件').waitFor();
  await page.getByRole('button', { name: '批量处理' }).click();
  const dialog = page.getByRole('dialog');
  // what has to be told who or where to is for one task alone
  expect(await dialog.getByRole('radio').evaluateAll((all) => all.map((each) => each.parentElement?.innerText.split('\n')[0]))).toEqual(['同意', '拒绝']);
  await dialog.getByRole('radio', { name: /^同意/ }).check();
  await dialog.getByRole('button', { name: '先看会怎样' }).click();
  await dialog.getByText('2 件可以处理，1 件不能').waitFor();
  expect(await dialog.getByText('申请已暂停').count()).toBe(1);
  expect(await tasksOf(world, approvals.approver)).toHaveLength(3);
  expect(await violations(page)).toEqual([]);
  const [, held = '', late = '', decided = ''] = approvals.claims;
  await hold(late);
  await dialog.getByRole('button', { name: /^处理这 2 件/ }).click();
  await dialog.getByText('完成 1 件，1 件未完成').waitFor();
  const row = (number: string) => dialog.getByRole('listitem').filter({ hasText: number });
  await row(late).getByText('申请已暂停').waitFor();
  await row(decided).getByText('已完成').waitFor();
  expect(await dialog.getByRole('listitem').count()).toBe(2);
  await dialog.getByRole('button', { name: '关闭' }).click();
  await page.getByRole('link', { name: /^待办 ?2/ }).waitFor();
  expect((await tasksOf(world, approvals.approver)).map(({ claimNumber }) => claimNumber).toSorted()).toEqual([held, late].toSorted());
  await page.context().close();
});

test('a substitute with dates gets the tasks meanwhile, and they say for whom', async () => {
  await world.register('substitute');
  const page = await world.signInAs('approver');
  await page.goto(`${world.url}/app/manager/substitutions`);
  const who = page.getByLabel('代理人（姓名或员工编号）');
  await who.fill('没有这个人');
  await page.getByText('您的单位里没有找到').waitFor();
  await page.getByRole('button', { name: '设置代理' }).click();
  await page.getByRole('alert').waitFor();
  // a colleague of the own unit is found by name; somebody elsewhere is named by number
  await who.fill('工人');
  await page.getByRole('button', { name: /工人乙/ }).waitFor();
  expect(await page.locator('.people-found button').allInnerTexts()).toHaveLength(4);
  expect(await page.getByText('朱代').count()).toBe(0);
  await page.getByRole('button', { name: /工人乙/ }).click();
  await page.getByRole('button', { name: '移除 工人乙' }).click();
  await who.fill(employeeNoOf('substitute'));
  await page.getByRole('button', { name: '设置代理' }).click();
  await page.getByText(`由 ${employeeNoOf('substitute')} 代理`).waitFor();

  const other = await world.signInAs('substitute');
  await other.goto(`${world.url}/app/manager`);
  await other.getByText(`代 ${approvals.approver} 处理`).first().waitFor();
  await page.getByRole('button', { name: '立即结束' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '立即结束' }).click();
  await page.getByText('没有设置代理').waitFor();
  await other.reload();
  await other.getByText('没有待办').waitFor();
  await page.context().close();
  await other.context().close();
});
