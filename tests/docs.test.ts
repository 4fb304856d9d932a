import { existsSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, readApiConfig, readReaderConfig, readWorkerConfig } from '#platform/config.ts';
import { projectFiles, read, root } from './project-files.ts';

const pages = projectFiles().filter((path) => path.endsWith('.md'));
const code = projectFiles().filter((path) => path.endsWith('.ts') && !path.startsWith('tests/'));

describe('environment variables', () => {
  const readers = {
    ...{ all: blockOf('const shared'), both: blockOf('const gateways'), 'worker/reader': blockOf('const metrics') },
    ...{ API: blockOf('const apiVariables'), worker: blockOf('const workerVariables') },
  };

  it.each(['README.md', 'README.zh-CN.md'])('%s lists those of platform/config.ts, with who reads them', (page) => {
    const documented = rowsOf(page).flatMap(({ variable, reader }) => reader.split(/, |、/).map((each) => `${variable} ${each}`));
    const real = Object.entries(readers).flatMap(([reader, variables]) => variables.map((variable) => `${variable} ${reader}`));
    expect(documented.toSorted()).toEqual(real.toSorted());
  });

  it.each(['README.md', 'README.zh-CN.md'])('%s says which are required, and the defaults', (page) => {
    const rows = rowsOf(page);
    const required = rows.filter(({ preset }) => preset === 'required').map(({ variable }) => variable);
    expect(required.toSorted()).toEqual([...new Set([readApiConfig, readWorkerConfig, readReaderConfig].flatMap(missingFrom))].toSorted());
    const presets = rows.filter(({ preset }) => preset !== 'required' && preset !== '').map(({ variable, preset }) => `${variable}=${preset}`);
    expect(presets.toSorted()).toEqual(defaultsOf(read('platform/config.ts')).toSorted());
  });

  /** The names at the left of one object of variables in platform/config.ts. */
  function blockOf(start: string): string[] {
    const [, block = ''] = read('platform/config.ts').split(start);
    return [...(block.split(/^\}/m)[0] ?? '').matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name = '']) => name);
  }

  function rowsOf(page: string): { variable: string; reader: string; preset: string }[] {
    const rows = read(page).matchAll(/^\| `([A-Z][A-Z0-9_]+)` \| ([^|]+?) \| ([^\s|]*) ?\|/gm);
    const english: Record<string, string> = { 三者: 'all', 两者: 'both', 必填: 'required' };
    return [...rows].map(([, variable = '', reader = '', preset = '']) => ({ variable, reader: english[reader] ?? reader, preset: english[preset] ?? preset }));
  }

  function missingFrom(readConfig: (env: Record<string, string>) => unknown): string[] {
    try {
      readConfig({});
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map(({ variable }) => variable);
      throw error;
    }
    return [];
  }

  function defaultsOf(text: string): string[] {
    const lines = text.matchAll(/^ {2}([A-Z][A-Z0-9_]+): .*\.default\((.+)\),$/gm);
    return [...lines].map(([, name = '', value = '']) => `${name}=${value.replaceAll(/'|(?<=\d)_(?=\d)/g, '')}`).filter((line) => !line.endsWith('=[]'));
  }
});

describe('pages', () => {
  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = pages.flatMap((page) =>
      [
        ...read(page)
          .replaceAll(/\s+/g, ' ')
          .matchAll(/npm run (?:--silent )?([a-z][a-z:-]*[a-z])/g),
      ].map(([, script = '']) => ({ page, script })),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
  });

  it('link to files, and to headings, that exist', () => {
    const links = pages.flatMap((page) => [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })));
    expect(links.length).toBeGreaterThan(30);
    const broken = links.filter(({ page, target }) => !/^https?:/.test(target) && !leadsSomewhere(page, target));
    expect(broken).toEqual([]);
  });

  it('name only paths of the project that exist', () => {
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/`((?:domain|workflows|activities|api|prisma|platform|dev|tests|docs)\/[\w./-]+)`/g)].map(([, path = '']) => ({ page, path })),
    );
    expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('say the same metrics as the code has', () => {
    const groups = new Set(['daozhang_api', 'daozhang_worker']);
    const names = [...read('docs/operations.md').matchAll(/`(daozhang_\w+)`/g)].map(([, name]) => name ?? '');
    const documented = new Set(names.filter((name) => !groups.has(name)));
    const real = new Set(code.flatMap((path) => [...read(path).matchAll(/name: '(daozhang_\w+)'/g)].map(([, name]) => name)));
    expect([...documented].toSorted()).toEqual([...real].toSorted());
  });

  it('the two READMEs give the two commands as they are to be typed', () => {
    for (const page of ['README.md', 'README.zh-CN.md']) {
      expect(read(page)).toMatch(/^npm ci && npm run demo$/m);
      expect(read(page)).toMatch(/^npm ci && npm test$/m);
    }
  });

  it('the two READMEs show the same way round the house', () => {
    const targets = (page: string): string[] =>
      [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target).filter((target) => !target.startsWith('README'));
    expect(targets('README.zh-CN.md').toSorted()).toEqual(targets('README.md').toSorted());
  });

  it('decisions are numbered without a gap, and say context, decision and consequences', () => {
    const files = readdirSync(join(root, 'docs/decisions')).toSorted();
    expect(files.map((name) => Number(name.slice(0, 4)))).toEqual(files.map((_, index) => index + 1));
    for (const name of files) {
      const text = read(`docs/decisions/${name}`);
      expect(text).toMatch(new RegExp(`^# ${name.slice(0, 4)} `));
      expect([...text.matchAll(/^\*\*(\w+)\.\*\*/gm)].map(([, part]) => part)).toEqual(['Context', 'Decision', 'Consequences']);
    }
  });
});

function leadsSomewhere(page: string, target: string): boolean {
  const [file = '', heading] = target.split('#');
  const path = file === '' ? page : posix.join(posix.dirname(page), file);
  if (!existsSync(join(root, path))) return false;
  if (heading === undefined) return true;
  const headings = [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(' ', '-'),
  );
  return headings.includes(heading);
}

const withoutCode = (text: string): string => text.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
