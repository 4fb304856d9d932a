import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InteractionResults, Provider } from 'oidc-provider';
import { codePage, problemPage, signInPage } from './pages.ts';
import type { Person } from './people.ts';
import { accountOf, PASSWORD_ONLY, SECOND_FACTOR } from './provider.ts';

const MAX_FORM = 10_000;
const PATH = /^\/interaction\/([\w-]{1,100})(\/password|\/code)?$/;

/** The pages on which a person signs in: who and the password, then the second factor, which may be left out. False: the request is not for them. */
export function createInteractions({ provider, people }: { provider: Provider; people: readonly Person[] }) {
  /** who has given the right password, by interaction */
  const known = new Map<string, Person>();

  return async function serve(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const [, uid, step] = PATH.exec(request.url ?? '') ?? [];
    if (uid === undefined) return false;
    try {
      const { session, params } = await provider.interactionDetails(request, response);
      if (request.method === 'GET' && step === undefined) {
        const chosen = people.find(({ employeeNo }) => accountOf(employeeNo) === session?.accountId);
        show(response, 200, signInPage({ uid, people, chosen, wantsFactor: String(params['claims'] ?? params['acr_values']).includes(SECOND_FACTOR) }));
      } else if (request.method === 'POST' && step === '/password') {
        const form = await formOf(request);
        const person = people.find(({ employeeNo, password }) => employeeNo === form.get('employeeNo') && password === form.get('password'));
        if (!person) return show(response, 403, problemPage('Wrong person or password · 账号或密码错误'));
        known.set(uid, person);
        show(response, 200, codePage({ uid, person }));
      } else if (request.method === 'POST' && step === '/code') {
        const form = await formOf(request);
        const person = known.get(uid);
        if (!person) return show(response, 403, problemPage('Begin with the password · 请先输入密码'));
        const code = form.get('code') ?? '';
        if (code !== '' && code !== person.code) return show(response, 403, problemPage('Wrong code · 验证码错误'));
        known.delete(uid);
        await provider.interactionFinished(request, response, resultFor(person, code !== ''), { mergeWithLastSubmission: false });
      } else show(response, 405, problemPage('Not here · 不支持'));
    } catch (error) {
      show(response, 400, problemPage(error instanceof Error ? error.name : 'unknown'));
    }
    return true;
  };
}

function resultFor({ employeeNo }: Person, second: boolean): InteractionResults {
  const shown = second ? { acr: SECOND_FACTOR, amr: ['pwd', 'otp', 'mfa'] } : { acr: PASSWORD_ONLY, amr: ['pwd'] };
  return { login: { accountId: accountOf(employeeNo), ...shown } };
}

function show(response: ServerResponse, status: number, page: string): true {
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'`,
  });
  response.end(page.replaceAll('<style>', `<style nonce="${nonce}">`));
  return true;
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > MAX_FORM) throw new Error('too long a form');
  }
  return new URLSearchParams(text);
}
