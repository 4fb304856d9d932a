import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserServer } from 'playwright-core';
import { chromium } from 'playwright-core';
import { chineseFont } from './font.ts';

const kept = fileURLToPath(new URL('../../.daozhang/browser/', import.meta.url));

/**
 * A headless Chromium to which tests and screenshots connect, with letters for Chinese. `CHROMIUM` names another one; on Linux it comes out of a package,
 * elsewhere the installed Chrome is used. The web's rules hold in it as for everybody: what the package recommends would switch them off.
 */
export async function startBrowser(): Promise<BrowserServer> {
  const named = process.env['CHROMIUM'];
  if (named === undefined && process.platform !== 'linux') return chromium.launchServer({ channel: 'chrome' });
  const unpacked = await unpack();
  const env = { ...process.env, FONTCONFIG_FILE: join(unpacked, 'fonts.conf'), LD_LIBRARY_PATH: join(unpacked, 'al2023', 'lib'), LANG: 'zh_CN.UTF-8' };
  return chromium.launchServer({
    executablePath: named ?? join(unpacked, 'chromium'),
    env,
    args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'],
  });
}

/** Chromium, the libraries that a small machine lacks, and fonts; made once for a checkout. */
async function unpack(): Promise<string> {
  const done = join(kept, 'unpacked-2');
  if (existsSync(done)) return done;
  const aside = join(kept, `aside-${process.pid}`);
  mkdirSync(join(aside, 'typefaces'), { recursive: true });
  const before = process.env['TMPDIR'];
  // where the package unpacks to
  process.env['TMPDIR'] = aside;
  try {
    const { default: packed, inflate } = await import('@sparticuz/chromium');
    await packed.executablePath();
    const bin = fileURLToPath(new URL('../bin/al2023.tar.br', import.meta.resolve('@sparticuz/chromium')));
    await inflate(bin);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  writeFileSync(join(aside, 'typefaces', 'chinese.ttf'), chineseFont());
  writeFileSync(
    join(aside, 'fonts.conf'),
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>/usr/share/fonts</dir><dir>${join(done, 'fonts')}</dir><dir>${join(done, 'typefaces')}</dir><cachedir>${join(done, 'cache')}</cachedir></fontconfig>\n`,
  );
  try {
    renameSync(aside, done);
  } catch (error) {
    // another process was first
    if (!existsSync(done)) throw error;
    rmSync(aside, { recursive: true, force: true });
  }
  return done;
}
