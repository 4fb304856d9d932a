import { randomBytes } from 'node:crypto';
import { createCanvas } from '@napi-rs/canvas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplePdf } from '#dev/sample-pdf.ts';
import { employeeNoOf } from './people.ts';
import { enter, signIn, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await enter();
});
afterAll(() => world?.close());

const CHUNK = 256 * 1024;
/** A picture of three pieces, and too small to be made smaller before it is sent: noise does not shrink. */
function largePicture(): Buffer {
  const canvas = createCanvas(430, 430);
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(430, 430);
  pixels.data.set(randomBytes(pixels.data.length).map((byte, at) => (at % 4 === 3 ? 255 : byte)));
  context.putImageData(pixels, 0, 0);
  return canvas.toBuffer('image/png');
}

test('an upload goes on where the line broke: what has arrived is not sent again', async () => {
  await world.register('dropped-line');
  const page = await world.signInAs('dropped-line');
  await page.goto(`${world.url}/app/new`);
  await page.getByLabel('普通门诊').check();
  await page.getByRole('button', { name: '下一步' }).click();
  const picture = largePicture();
  expect(picture.length).toBeGreaterThan(2 * CHUNK);
  const offsets: number[] = [];
  await page.route('**/v1/uploads/*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    offsets.push(Number(route.request().headers()['upload-offset']));
    // the second piece gets lost, and so does the answer to the third
    if (offsets.length === 2) return route.abort('connectionreset');
    if (offsets.length === 4) {
      await route.fetch();
      return route.abort('connectionreset');
    }
    return route.continue();
  });
  await page.locator('input[data-kind=INVOICE]').setInputFiles({ name: '发票.png', mimeType: 'image/png', buffer: picture });
  await expect.poll(() => page.locator('.picker .tag.good, .picker .notice').allInnerTexts(), { timeout: 40_000 }).toEqual(['✓ 1']);
  expect(offsets.slice(0, 4)).toEqual([0, CHUNK, CHUNK, 2 * CHUNK]);
  // asked for the answer again with an empty piece from the end
  expect(offsets.slice(4)).toEqual([picture.length]);
  await page.getByText('发票.png').waitFor();
  await page.context().close();
});

test('a draft is found again after a reload and a new sign-in, by its writer alone, and is gone after signing out', async () => {
  await world.register('kept-draft');
  await world.register('someone-else');
  const page = await world.signInAs('kept-draft');
  await page.getByRole('link', { name: '提交报销' }).click();
  await page.getByLabel('急诊').check();
  await page.getByRole('button', { name: '下一步' }).click();
  await page.locator('input[data-kind=INVOICE]').setInputFiles({ name: '门诊票据.pdf', mimeType: 'application/pdf', buffer: Buffer.from(samplePdf('kept')) });
  await page.getByText('门诊票据.pdf').waitFor();
  await expect.poll(() => page.locator('.picker .tag.good').count(), { timeout: 20_000 }).toBe(1);

  const kept = () => page.evaluate(() => JSON.stringify(Object.entries(localStorage)));
  expect(await kept()).toContain('daozhang.kept.claim');
  expect(await kept()).not.toMatch(/门诊|EMERGENCY|INVOICE|pdf/);
  expect(await kept()).not.toContain(employeeNoOf('kept-draft'));

  // the session is over without a word, and somebody else takes the phone
  await page.context().clearCookies();
  await signIn(page, world.url, employeeNoOf('someone-else'));
  await page.getByRole('link', { name: '提交报销' }).click();
  expect(await page.getByLabel('急诊').isChecked()).toBe(false);

  await page.context().clearCookies();
  await signIn(page, world.url, employeeNoOf('kept-draft'));
  await page.getByRole('link', { name: '继续填写报销' }).click();
  expect(await page.getByLabel('急诊').isChecked()).toBe(true);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByText('门诊票据.pdf').waitFor();

  await page.goto(`${world.url}/app/me`);
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.waitForURL((url) => url.pathname !== '/app/me');
  await page.goto(world.url);
  expect(await kept()).not.toContain('daozhang.kept');
  await page.context().close();
});
