import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFiles, read, root } from './project-files.ts';

type Lock = { packages: Record<string, { version?: string; resolved?: string; link?: boolean; integrity?: string }> };
type Manifest = {
  license: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

const files = projectFiles();
const text = files.filter((path) => !/\.(png|jpe?g|pdf|ofd|heic|zip|gz|ico|woff2?)$/.test(path));
const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as Lock;
const declared = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };

describe('nothing of the machine it was written on', () => {
  it.each([
    ['paths of a machine', /(?<![\w.~-])\/(root|work|home\/[a-z]\w*|Users\/\w+|mnt|workspace)\/[\w.]|\b[A-Z]:\\+Users\\/],
    [
      'hosts of a package registry or its mirror',
      /\b(registry|npm|pypi|proxy|mirrors?|artifactory|nexus|crates)\.([a-z0-9-]+\.)+(org|com|io|cn|net)\b|\bpythonhosted\.org\b/,
    ],
    ['names and places in recorded histories', /"identity":\s*"\d+@|file:\/\/\/\S*node_modules/],
    ['hosts of somebody’s network', /:\/\/[a-z0-9.-]+\.(corp|lan|intranet|internal)\b/],
  ])('no %s', (_, pattern) => {
    expect(found(text, pattern)).toEqual([]);
  });

  it('the lock file says what to install, not from where', () => {
    const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(packages.length).toBeGreaterThan(200);
    expect(packages.filter(([, { resolved, link }]) => resolved !== undefined || link === true).map(([path]) => path)).toEqual([]);
    expect(packages.filter(([, { version, integrity }]) => version === undefined || !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
  });
});

describe('nothing secret', () => {
  it.each([
    ['private keys', /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{40}/],
    [
      'tokens of well-known services',
      /\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20}|xox[abpr]-[\w-]{20,}|npm_[A-Za-z0-9]{36}|sk-[A-Za-z0-9-]{30,})/,
    ],
    ['signed tokens', /\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\./],
    ['keys of our own API', /\bdzk_[A-Za-z0-9-]{8,}_[A-Za-z0-9_-]{30,}/],
    ['passwords in URLs', /\b[a-z]+:\/\/\w+:(?!password@|secret@|\$\{)[^\s@/'"`<$]{12,}@/],
  ])('no %s', (_, pattern) => {
    expect(
      found(
        text.filter((path) => path !== 'package-lock.json'),
        pattern,
      ),
    ).toEqual([]);
  });

  it('no environment files and no key files', () => {
    expect(files.filter((path) => /(^|\/)\.env(\..+)?$|\.(key|pem|p12|pfx)$/.test(path))).toEqual([]);
  });
});

describe('versions', () => {
  it('are exact, and are those of the lock file', () => {
    const inexact = Object.entries(declared).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
    expect(inexact).toEqual([]);
    const otherwise = Object.entries(declared).filter(([name, version]) => lock.packages[`node_modules/${name}`]?.version !== version);
    expect(otherwise).toEqual([]);
  });

  it('of one family are one', () => {
    for (const family of [/^@temporalio\//, /^(prisma|@prisma\/(client|adapter-pg|driver-adapter-utils))$/, /^node-(linux|win)-/]) {
      const versions = new Set(
        Object.entries(declared)
          .filter(([name]) => family.test(name))
          .map(([, version]) => version),
      );
      expect([...versions]).toHaveLength(1);
    }
    // The engine that migrates is compiled from the sources of the client's version.
    expect(declared['@prisma/schema-engine-wasm']?.startsWith(`${declared['@prisma/client']}-`)).toBe(true);
  });

  it('of protobufjs Temporal has one, or histories in JSON cannot be replayed', () => {
    const paths = Object.keys(lock.packages).filter((path) => path.endsWith('/protobufjs'));
    expect(paths.filter((path) => !path.includes('/@grpc/'))).toEqual(['node_modules/protobufjs']);
  });
});

describe('files', () => {
  it('are UTF-8 without a mark, with Unix line ends and a last line that ends', () => {
    const odd = text.filter((path) => {
      const content = read(path);
      return content.startsWith('\uFEFF') || content.includes('\r') || content.includes('\uFFFD') || (content !== '' && !content.endsWith('\n'));
    });
    expect(odd).toEqual([]);
  });

  it('are small: no binary and no build result has come in by mistake', () => {
    expect(files.filter((path) => statSync(join(root, path)).size > 1_000_000)).toEqual([]);
  });

  it('carry one licence', () => {
    expect(manifest.license).toBe('Apache-2.0');
    expect(read('LICENSE')).toMatch(/^\s+Apache License\n\s+Version 2\.0, January 2004/);
  });
});

/** `file:line` of every line on which the pattern is found. */
function found(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  );
}
