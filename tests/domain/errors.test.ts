import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES, ERRORS, GatewayUnavailable, refuse } from '#domain/errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const [current = '', retired = ''] = page.split('## Retired codes');
const documented = current.split('\n').flatMap((row) => {
  const [, code, status, zh, en, cause, remedy] = /^\| `([A-Z_]+)` \| (\d{3}(?: ↻)?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$/.exec(row) ?? [];
  return code ? [{ code, status, zh, en, cause, remedy }] : [];
});

describe('the error catalogue and docs/errors.md', () => {
  test('list the same codes, once each', () => {
    expect(documented.map(({ code }) => code).sort()).toEqual([...ERROR_CODES].sort());
  });

  test('agree on status, titles and whether to repeat', () => {
    for (const { code, status, zh, en, cause, remedy } of documented) {
      const entry = ERRORS[code as keyof typeof ERRORS];
      expect({ code, status, zh, en }).toEqual({ code, status: `${entry.status}${entry.retryable ? ' ↻' : ''}`, zh: entry.zh, en: entry.en });
      expect(cause?.length && remedy?.length).toBeGreaterThan(3);
    }
  });

  test('no retired code is used again', () => {
    const codes = [...retired.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code);
    expect(codes.filter((code) => ERROR_CODES.includes(code as never))).toEqual([]);
  });

  test('only what may pass by itself is to be repeated, and every outage is', () => {
    for (const code of ERROR_CODES) {
      const { status, retryable } = ERRORS[code];
      expect(status >= 400 && status < 600).toBe(true);
      if (status === 503 || status === 504 || status === 429) expect([code, retryable]).toEqual([code, true]);
    }
  });
});

test('a refusal is a value', () => {
  expect(refuse('OWN_CLAIM')).toEqual({ ok: false, code: 'OWN_CLAIM' });
  expect(refuse('AMOUNT_INVALID', { params: { line: 2 } })).toEqual({ ok: false, code: 'AMOUNT_INVALID', params: { line: 2 } });
});

test('an outage names its gateway and keeps its cause', () => {
  const cause = new Error('ECONNRESET');
  const error = new GatewayUnavailable('SJZ', 'no answer', { cause });
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.gateway, error.message, error.cause]).toEqual(['GatewayUnavailable', 'SJZ', 'SJZ: no answer', cause]);
});
