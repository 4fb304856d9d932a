import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import ids from './fixtures/asvs-5.0.json' with { type: 'json' };
import { projectFiles, read, root } from './project-files.ts';

/** A row of docs/security.md. */
type Row = { id: string; level: string; asked: string; met: string; where: string; shown: string };

const page = read('docs/security.md');
const rows: Row[] = [...page.matchAll(/^\| (\d+\.\d+\.\d+) \| (\d) \| (.+?) \| (.+?) \| (.*?) \| ?(.*?) ?\|$/gm)].map(
  ([, id = '', level = '', asked = '', met = '', where = '', shown = '']) => ({ id, level, asked, met, where, shown }),
);
const code = projectFiles().filter((path) => /\.(ts|mjs)$/.test(path) && !path.startsWith('tests/'));

describe('docs/security.md', () => {
  it('has every requirement of levels 1 and 2, once, under its level', () => {
    for (const level of ['1', '2'] as const)
      expect(
        rows
          .filter((row) => row.level === level)
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual(ids.levels[level].toSorted());
  });

  it('says of each whether it is met; where not, or not applicable, why', () => {
    for (const { id, asked, met, where, shown } of rows) {
      expect([id, ['yes', 'no', 'not applicable'].includes(met)]).toEqual([id, true]);
      expect(asked.length).toBeGreaterThan(5);
      if (met === 'yes') expect([id, shown]).not.toEqual([id, '']);
      else expect([id, where.length > 5]).toEqual([id, true]);
    }
    const count = (met: string) => rows.filter((row) => row.met === met).length;
    expect(page).toContain(`${rows.length} requirements: ${count('yes')} met, ${count('not applicable')} not applicable, ${count('no')} not met`);
  });

  it('names files that exist, and tests that are in them', () => {
    const missing: string[] = [];
    for (const { id, met, where, shown } of rows.filter((row) => row.met === 'yes')) {
      const files = [...where.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
      if (files.length === 0) missing.push(`${id}: no file`);
      missing.push(...files.filter((path) => !existsSync(join(root, path))).map((path) => `${id}: ${path}`));
      const [, file = '', title = ''] = /^`(tests\/[^`]+\.test\.ts)` “(.+)”$/.exec(shown) ?? [];
      if (!existsSync(join(root, file)) || file === '') missing.push(`${id}: ${shown} (${met})`);
      else if (!read(file).includes(title)) missing.push(`${id}: no “${title}” in ${file}`);
    }
    expect(missing).toEqual([]);
  });
});

describe('what it says of all code', () => {
  it('nothing is evaluated as code', () => {
    const evaluating = code.filter((path) => !path.startsWith('dev/') && /\beval\(|new Function\(|\bvm\.(run|compile)|from 'node:vm'/.test(read(path)));
    expect(evaluating).toEqual([]);
  });

  it('logs are written by platform/log.ts alone: what else prints is a command, or a start that failed', () => {
    const apart = ['api/inspection/verify.mjs', 'api/server.ts', 'platform/render/serve.ts', 'platform/log.ts'];
    const commands = ['audit-verify', 'keys-rotate', 'recover', 'retention'].map((name) => `activities/${name}.ts`);
    const printing = code.filter(
      (path) => !path.startsWith('dev/') && /\bconsole\.\w+\(|createWriteStream|process\.std(out|err)|import (?!type).* from 'pino'/.test(read(path)),
    );
    expect(printing.filter((path) => ![...apart, ...commands].includes(path))).toEqual([]);
  });

  it('regular expressions are made of constants: who makes one of something else has to be looked at', () => {
    const making = code.filter((path) => !path.startsWith('dev/') && !path.startsWith('prisma/generated/') && /new RegExp\(/.test(read(path)));
    // lengths, names of our own schemas and routes, lists in the same file
    const contract = ['common', 'employees', 'sign-in', 'uploads'].map((name) => `api/contract/${name}.ts`);
    expect(making.toSorted()).toEqual([
      ...contract,
      'api/openapi-document.ts',
      'api/plugins/errors.ts',
      'platform/bank-xml.ts',
      'platform/render/pdf-actions.ts',
    ]);
  });

  it('no certificate is taken unchecked', () => {
    const unchecked = code.filter((path) => /rejectUnauthorized: ?false|NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity/.test(read(path)));
    expect(unchecked).toEqual([]);
  });
});
