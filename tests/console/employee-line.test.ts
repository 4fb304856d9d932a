import { readFileSync } from 'node:fs';
import { createCanvas } from '@napi-rs/canvas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '#dev/run-stack.ts';
import { freshInvoiceNo, PEOPLE } from '#dev/seed.ts';
import { breakableLine } from './breakable-line.ts';
import { employeeNoOf } from './people.ts';
import { enter, signInHere, violations, type World } from './world.ts';

/* What reaches a phone, and what leaves it: changes while the line is bad, photographs, errors, what the operators announce, and another language. */

let world: World;
beforeAll(async () => {
  world = await enter();
});
afterAll(() => world?.close());

async function draftFor(employeeNo: string): Promise<string> {
  const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
  const claim = {
    ...{ employeeNo, kind: 'OUTPATIENT', treatedRegion: '130100', hospital: { code: 'H13010000001', name: '石家庄示范医院' }, visit: { start: day, end: day } },
    lines: [{ itemCode: 'XB05BBF271B002', itemName: '葡萄糖注射液', itemClass: '01', quantity: '1', unitPrice: '526.00', amount: '526.00' }],
    invoices: [{ type: '1', code: '13010126', number: freshInvoiceNo(), checkCode: 'a1b2c3', amount: '526.00', issuedOn: day }],
    draft: true,
  };
  return (await world.api.post<{ number: string }>('/v1/claims', claim, { as: employeeNo })).number;
}

const stateOf = async (number: string) => (await world.api.get<{ state: string }>(`/v1/claims/${number}`)).state;

test('where the stream breaks the page asks instead, and where it comes back it is told what came in between', async () => {
  const employeeNo = await world.register('lost-stream');
  const number = await draftFor(employeeNo);
  const line = await breakableLine(world.url);
  const page = await world.signInAs('lost-stream');
  try {
    await page.clock.install();
    await page.goto(line.url);
    await page.getByText('需要您处理').waitFor();
    await eventually('the stream', async () => line.resumedFrom.length > 0 || undefined);
    expect(line.resumedFrom).toEqual([undefined]);

    line.break();
    await eventually('the page to find its stream broken', async () => line.refused() > 0 || undefined);
    await world.api.post(`/v1/claims/${number}/confirm`, {}, { as: employeeNo });
    await eventually('the documents to be asked for', async () => (await stateOf(number)) === 'PENDED_INFO' || undefined);
    expect(await page.getByText('待补材料').count()).toBe(0);
    await page.clock.fastForward(20_000);
    await page.getByText('待补材料').waitFor();

    await world.api.post(`/v1/claims/${number}/withdraw`, {}, { as: employeeNo });
    await eventually('it to be withdrawn', async () => (await stateOf(number)) === 'WITHDRAWN' || undefined);
    expect(await page.getByText('待补材料').count()).toBe(1);
    line.mend();
    // nobody asks meanwhile: it is the stream that goes on where it was
    await page.getByText('已撤回').waitFor();
    expect(line.resumedFrom).toHaveLength(2);
    expect(line.resumedFrom[1]).toMatch(/^[\d:,]+$/);
  } finally {
    await page.context().close();
    await line.close();
  }
});

/** A landscape of noise, red in its first corner, marked by the camera as lying on its side (EXIF orientation 6) and with a place beside it. */
function photograph(): Buffer {
  const canvas = createCanvas(3_200, 2_000);
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(3_200, 2_000);
  let seed = 7;
  for (let at = 0; at < pixels.data.length; at += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    pixels.data[at] = at % 4 === 3 ? 255 : seed % 256;
  }
  context.putImageData(pixels, 0, 0);
  context.fillStyle = '#ff0000';
  context.fillRect(0, 0, 800, 500);
  const jpeg = canvas.toBuffer('image/jpeg', 92);
  // one entry of type SHORT: 0x0112 = 6
  const tiff = Buffer.from('4d4d002a00000008000101120003000000010006000000000000', 'hex');
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff, Buffer.from('GPS 38.0428N 114.5149E', 'latin1')]);
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xff_e1, 0);
  head.writeUInt16BE(exif.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, exif, jpeg.subarray(2)]);
}

test('a large photograph is made smaller before it is sent, upright, and without what the camera wrote beside it', async () => {
  await world.register('big-photo');
  const page = await world.signInAs('big-photo');
  await page.goto(`${world.url}/app/new`);
  await page.getByLabel('普通门诊').check();
  await page.getByRole('button', { name: '下一步' }).click();
  const picked = photograph();
  expect(picked.length).toBeGreaterThan(2_000_000);
  const lengths: number[] = [];
  let id = '';
  page.on('response', (response) => {
    const request = response.request();
    if (request.method() !== 'POST' || !response.url().endsWith('/v1/uploads')) return;
    lengths.push(Number(request.headers()['upload-length']));
    void response.json().then((made: { id: string }) => {
      ({ id } = made);
    });
  });
  await page.locator('input[data-kind=INVOICE]').setInputFiles({ name: 'IMG_0001.JPG', mimeType: 'image/jpeg', buffer: picked });
  await expect.poll(() => page.locator('.picker .tag.good').count(), { timeout: 40_000 }).toBe(1);
  expect(lengths).toHaveLength(1);
  expect(lengths[0]).toBeLessThan(picked.length / 2);

  // what the server has: 3 200 × 2 000 on its side is 2 000 × 3 200, and 1 500 × 2 400 at most
  const stored = await page.evaluate(async (path) => {
    const answer = await fetch(path);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const picture = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext('2d');
    context?.drawImage(picture, 0, 0);
    const corner = context?.getImageData(picture.width - 20, 20, 1, 1).data ?? [];
    return {
      ...{ status: answer.status, type: answer.headers.get('content-type'), bytes: bytes.length, width: picture.width, height: picture.height },
      ...{ corner: [...corner].slice(0, 3), text: Array.from(bytes.slice(0, 2_000), (byte) => String.fromCharCode(byte)).join('') },
    };
  }, `/v1/documents/${id}/content`);
  expect(stored).toMatchObject({ status: 200, type: 'image/jpeg', bytes: lengths[0], width: 1_500, height: 2_400 });
  expect(stored.text).not.toMatch(/Exif|GPS/);
  // turned by a quarter to the right the first corner is the one at the top right
  const [red = 0, green = 255, blue = 255] = stored.corner;
  expect([red > 230, green < 30, blue < 30]).toEqual([true, true, true]);
  await page.context().close();
});

test('a page that breaks says so to who reads it, and to the log where', async () => {
  const page = await world.signInAs('big-photo');
  await page.route('**/v1/employees/*/quotas/*', (route) => route.fulfill({ json: { year: 2_026, available: null } }));
  const reported = page.waitForResponse((response) => response.url().endsWith('/v1/page-errors'));
  await page.goto(`${world.url}/app/me`);
  await page.getByText('页面出了问题').waitFor();
  expect((await reported).status()).toBe(204);
  const line = await eventually('the line in the log', async () =>
    readFileSync(world.apiLog, 'utf8')
      .split('\n')
      .find((one) => one.includes('a page of the console broke') && one.includes('"/app/me"')),
  );
  const logged = JSON.parse(line) as { frames: string[]; error: string };
  expect(logged.error).toMatch(/^TypeError: /);
  expect(logged.frames[0]).toMatch(/^assets\/[\w.-]+\.js:\d+:\d+$/);
  expect(line).not.toContain(employeeNoOf('big-photo'));
  await page.unroute('**/v1/employees/*/quotas/*');
  await page.getByRole('button', { name: '重试' }).click();
  await page.getByRole('heading', { name: '收款账户' }).waitFor();

  // another language, without losing what stands in the fields
  await page.getByRole('link', { name: '更换收款账户' }).click();
  await page.getByLabel('银行卡号').fill('6217 0000 1234');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByRole('button', { name: 'English' }).click();
  expect(await page.getByLabel('Number of the card').inputValue()).toBe('6217 0000 1234');
  expect(await page.getByText('A clearing number has 12 digits').isVisible()).toBe(true);
  expect(await page.locator('main').innerText()).not.toMatch(/请|保存/);
  await page.context().close();
});

const pagesOf = (number: string): readonly string[] => [
  ...['/', '/app/new', '/app/me', '/app/account', '/app/consent', '/app/delegation'],
  ...[`/app/claims/${number}`, `/app/claims/${number}/documents`, `/app/claims/${number}/appeal`],
];

test('what the operators announce stands on every page of an employee, in the language of the page', async () => {
  const end = new Date(Date.now() + 3_600_000).toISOString();
  const text = { zh: '银行系统维护，付款会晚到', en: 'The bank is being maintained: payments come later' };
  const { id } = await world.api.post<{ id: string }>(
    '/v1/announcements',
    { unitCode: 'HBL', text, endsAt: end, reason: '维护' },
    { as: PEOPLE.operator.employeeNo },
  );
  const page = await world.signInAs('driver');
  const banner = (locale: 'zh' | 'en') => page.getByRole('status').filter({ hasText: text[locale] });
  for (const path of pagesOf(world.claims['payment-under-way'] ?? '')) {
    await page.goto(`${world.url}${path}`);
    await page.locator('main h1').waitFor();
    await banner('zh').waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    expect([path, await banner('en').count(), await banner('zh').count()]).toEqual([path, 1, 0]);
    await page.getByRole('button', { name: '中文' }).click();
  }
  await world.api.post(`/v1/announcements/${id}/end`, { reason: '完成' }, { as: PEOPLE.operator.employeeNo });
  await page.goto(world.url);
  await page.locator('a.claim-card').first().waitFor();
  expect(await banner('zh').count()).toBe(0);
  await page.context().close();
});

test('who is not let in is told so in plain words and both languages; a program is told by its code', async () => {
  const page = await world.open();
  await page.goto(`${world.url}/auth/login?returnTo=/app/me`);
  await signInHere(page, employeeNoOf('stranger'));
  await page.getByRole('heading', { name: '没有登录成功' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/app/sign-in-refused');
  await page.getByText('请联系本单位人力资源').waitFor();
  expect(await page.getByText(/^参考编号 [0-9a-f]{12}$/).isVisible()).toBe(true);
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByText('Ask your HR to register you').waitFor();
  expect(await violations(page)).toEqual([]);
  // what the provider says, and what somebody writes into the address
  await page.goto(`${world.url}/auth/callback?error=access_denied&state=x`);
  await page.getByText('This sign-in is over').waitFor();
  await page.goto(`${world.url}/app/sign-in-refused?why=toString&reference=<b>`);
  await page.getByText('The sign-in was not completed').waitFor();
  expect(await page.locator('main').innerText()).not.toContain('<b>');
  await page.getByRole('button', { name: 'Sign in again' }).click();
  // somebody else may sign in, although the provider knows who was here
  await signInHere(page, employeeNoOf('big-photo'));
  await page.getByRole('heading', { name: 'My claims' }).waitFor();
  await page.context().close();

  const answer = await fetch(`${world.url}/auth/callback?error=access_denied&state=x`, { redirect: 'manual' });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'SIGN_IN_STATE_INVALID']);
});
