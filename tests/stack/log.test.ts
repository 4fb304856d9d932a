import { expect, test } from 'vitest';
import { createLogger, describeError } from '#platform/log.ts';

test('secrets and what says who a person is are removed at any depth in use', () => {
  const lines: string[] = [];
  const log = createLogger({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } });
  log.info({ apiKey: 'S1', config: { smtpUrl: 'S2' }, a: { b: { phone: 'S3' } }, x: { y: { z: { identityNo: 'S4' } } }, claim: 'YB20261122-00000001' }, 'line');
  expect(lines[0]).not.toMatch(/S[1-4]/);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ process: 'test', apiKey: '[removed]', claim: 'YB20261122-00000001', msg: 'line' });
});

test('whatever is logged is one line of JSON with a time in UTC, in the destination alone', () => {
  const lines: string[] = [];
  const log = createLogger({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } });
  const forged = 'x\r\n{"level":30,"msg":"forged"}\u2028\u001b[31m';
  log.info({ route: forged, [forged]: 1, err: new Error(forged) }, forged);
  expect(lines).toHaveLength(1);
  // eslint-disable-next-line no-control-regex
  expect(lines[0]).toMatch(/^[^\r\n\u001b]+\n$/);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ process: 'test', route: forged, msg: forged, time: expect.stringMatching(/^\d{4}-.+Z$/) });
});

test('an error keeps its kind, code, constraint and calls, and loses the values that it quotes', () => {
  const fromPostgres = Object.assign(new Error('invalid input syntax for type integer: "130102199001011234"'), {
    severity: 'ERROR',
    code: '22P02',
    detail: 'Key (identity_no)=(130102199001011234) already exists.',
    constraint: 'employee_identity_no_key',
  });
  const described = describeError(new Error('stored nothing', { cause: fromPostgres }));
  expect(JSON.stringify(described)).not.toContain('130102199001011234');
  expect(described.cause).toMatchObject({ code: '22P02', constraint: 'employee_identity_no_key', message: 'invalid input syntax for type integer: "…"' });
  expect(described.stack?.[0]).toMatch(/^at /);

  const fromPrisma = Object.assign(new Error('Invalid `create()` invocation:\n{ data: { phone: "13800000000" } }\n\nArgument `unit` is missing.'), {
    name: 'PrismaClientValidationError',
  });
  expect(describeError(fromPrisma).message).toBe('Argument `unit` is missing.');
});
