import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONSOLE_DIST } from '#dev/console/build.ts';
import { en as sharedEn } from '#console/i18n/en.ts';
import { zh as sharedZh } from '#console/i18n/zh.ts';
import { globSync } from 'node:fs';
import { root } from '../project-files.ts';
import { enter, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await enter();
});
afterAll(() => world?.close());

describe('the files', () => {
  type Manifest = Record<string, { file: string; imports?: string[]; css?: string[]; isEntry?: boolean }>;

  /** Everything that a browser fetches for a page: the entry, the area, and what both import. */
  function firstLoad(area: string): number {
    const manifest = JSON.parse(readFileSync(join(CONSOLE_DIST, 'manifest.json'), 'utf8')) as Manifest;
    const files = new Set(['index.html']);
    const take = (name: string): void => {
      const { file, imports = [], css = [] } = manifest[name] ?? { file: '' };
      if (file === '') throw new Error(`${name} is not in the build`);
      if (files.has(file)) return;
      for (const each of [file, ...css]) files.add(each);
      imports.forEach(take);
    };
    for (const name of ['index.html', area]) take(name);
    return [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(CONSOLE_DIST, file)), { level: 9 }).length, 0);
  }

  test('the first load of the employee’s page is at most 45 kB, gzipped', () => {
    const bytes = firstLoad('employee/area.ts');
    expect(bytes).toBeGreaterThan(15_000);
    expect(bytes).toBeLessThanOrEqual(45_000);
  });

  test('are compressed ahead, kept for ever under names that change, and the document is asked for anew', async () => {
    const document = await fetch(`${world.url}/`);
    expect([document.status, document.headers.get('cache-control'), document.headers.get('content-type')]).toEqual([
      200,
      'no-cache',
      'text/html; charset=utf-8',
    ]);
    const [, script = ''] = /src="(\/app\/assets\/[^"]+\.js)"/.exec(await document.text()) ?? [];
    const packed = await fetch(`${world.url}${script}`, { headers: { 'accept-encoding': 'gzip' } });
    expect([packed.status, packed.headers.get('content-encoding'), packed.headers.get('cache-control')]).toEqual([
      200,
      'gzip',
      'public, max-age=31536000, immutable',
    ]);
    expect((await fetch(`${world.url}${script}`, { headers: { 'accept-encoding': 'br' } })).headers.get('content-encoding')).toBe('br');
  });

  test('a deep link is the document; what is not there, and what lies beside the files, is a problem as everywhere', async () => {
    const status = async (path: string) => (await fetch(`${world.url}${path}`)).status;
    expect(await status('/app/claims/YB20261118-00000007')).toBe(200);
    expect(await status('/app/assets/..%2findex.html')).toBe(400);
    for (const path of ['/app/assets/nothing.js', '/claims', '/v1/nothing', '/manifest.json']) {
      const answer = await fetch(`${world.url}${path}`);
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 404, 'application/problem+json; charset=utf-8']);
      expect([path, answer.headers.get('cache-control')]).toEqual([path, 'no-store']);
    }
  });

  test('the document runs its own files alone: nothing inline, no other host', async () => {
    const document = await fetch(`${world.url}/app/me`);
    const policy = document.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
    expect(await document.text()).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|https?:/);
  });
});

describe('the words', () => {
  const areas = globSync('console/*/zh.ts', { cwd: root });

  test('of both languages have the same keys and the same blanks, and every key has its words', async () => {
    const blanks = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([blank]) => blank).toSorted();
    expect(areas.length).toBeGreaterThan(1);
    for (const file of areas) {
      const { zh } = (await import(join(root, file))) as { zh: Record<string, string> };
      const { en } = (await import(join(root, file.replace('zh.ts', 'en.ts')))) as { en: Record<string, string> };
      expect([file, Object.keys(en).toSorted()]).toEqual([file, Object.keys(zh).toSorted()]);
      for (const [key, text] of Object.entries(zh))
        expect([file, key, blanks(en[key] ?? ''), text !== '' && en[key] !== '']).toEqual([file, key, blanks(text), true]);
    }
    expect(Object.keys(sharedEn)).toHaveLength(Object.keys(sharedZh).length);
  });
});

describe('a page', () => {
  test('changes its language without loading anew, remembers it, and tells assistive software', async () => {
    const page = await world.signInAs('claimant');
    let loads = 0;
    page.on('load', () => {
      loads += 1;
    });
    await page.getByRole('button', { name: 'English' }).click();
    expect(await page.locator('h1').innerText()).toBe('My claims');
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(loads).toBe(0);
    await page.reload();
    expect(await page.locator('h1').innerText()).toBe('My claims');
    await page.context().close();
  });

  test('offers what the roles of who is signed in are for, and gives the focus to the heading of where one goes', async () => {
    const employee = await world.signInAs('claimant');
    expect(await employee.locator('header nav a').allInnerTexts()).toEqual(['我的']);
    await employee.context().close();
    const manager = await world.signInAs('manager');
    expect(await manager.locator('header nav a').allInnerTexts()).toEqual(['我的报销', '待办', '我的']);
    await manager.getByRole('link', { name: '待办' }).click();
    await manager.waitForFunction(() => document.activeElement?.tagName === 'H1');
    expect(new URL(manager.url()).pathname).toBe('/app/manager');
    expect(await manager.title()).toBe('待办 · 到账');
    await manager.goBack();
    await manager.locator('h1', { hasText: '我的报销进度' }).waitFor();
    await manager.context().close();
  });

  test('asks nobody but its own host, breaks no rule of its policy, and says when the line is down', async () => {
    const page = await world.open();
    const hosts = new Set<string>();
    const complaints: string[] = [];
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
    });
    await page.goto(world.url);
    await page.locator('h1').waitFor();
    expect([...hosts]).toEqual([new URL(world.url).host]);
    expect(complaints).toEqual([]);
    await page.context().setOffline(true);
    await page.getByText('网络已断开').waitFor();
    await page.context().setOffline(false);
    await page.getByText('网络已断开').waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('that breaks tells the log where, and nothing of what was on it', async () => {
    const send = (body: unknown) =>
      fetch(`${world.url}/v1/page-errors`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const report = { name: 'TypeError', message: 'x is 身份证 130102199003071234', frames: ['assets/index-a1.js:1:200'], page: '/app/claims/*' };
    expect((await send(report)).status).toBe(204);
    expect((await send({ ...report, page: '/app/claims/YB20261118-00000007' })).status).toBe(400);
    expect((await send({ ...report, frames: ['https://elsewhere/a.js:1:1'] })).status).toBe(400);
    expect((await send({ ...report, message: 'x'.repeat(5_000) })).status).toBe(413);
  });
});
