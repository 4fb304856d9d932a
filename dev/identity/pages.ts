import type { Person } from './people.ts';

const STYLE = `body{font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1c2733;background:#f5f7f9}
form{background:#fff;padding:1rem 1.25rem;border:1px solid #d5dde5;border-radius:8px;margin:1rem 0}label{display:block;margin:.35rem 0}
button{font:inherit;padding:.4rem 1rem;margin:.5rem .5rem 0 0;border:1px solid #0b5cab;border-radius:6px;background:#0b5cab;color:#fff}
button.plain{background:#fff;color:#0b5cab}code{background:#eef2f6;padding:0 .3rem}small{color:#52616f}.dev{border-left:4px solid #c77700;padding-left:.75rem}`;

const page = (body: string): string =>
  `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Development sign-in · 开发环境登录</title>
<style>${STYLE}</style><h1>登录 · Sign in</h1>
<p class="dev">开发环境的身份提供方，人员与密码均为样例。<br>An identity provider for development. People and passwords are samples.</p>${body}</html>`;

/** Who is it? Every person with a form of her own, the password filled in. */
export function signInPage({
  uid,
  people,
  chosen,
  wantsFactor,
}: {
  uid: string;
  people: readonly Person[];
  chosen: Person | undefined;
  wantsFactor: boolean;
}): string {
  const hint = wantsFactor ? '<p>需要二次验证 · A second factor is asked for.</p>' : '';
  const forms = people.map(
    ({ employeeNo, name, about, password }) => `<form method="post" action="/interaction/${uid}/password">
<strong>${escape(name)}</strong> <code>${escape(employeeNo)}</code> <small>${escape(about)}${chosen?.employeeNo === employeeNo ? ' · 当前 current' : ''}</small>
<input type="hidden" name="employeeNo" value="${escape(employeeNo)}">
<label>密码 Password <input name="password" value="${escape(password)}" autocomplete="off"></label>
<button>登录 Sign in</button></form>`,
  );
  return page(hint + forms.join(''));
}

/** The second step. */
export function codePage({ uid, person }: { uid: string; person: Person }): string {
  return page(`<p>${escape(person.name)} <code>${escape(person.employeeNo)}</code></p>
<form method="post" action="/interaction/${uid}/code"><label>验证码 Code <input name="code" value="${escape(person.code)}" autocomplete="off"></label>
<button>二次验证 With second factor</button></form>
<form method="post" action="/interaction/${uid}/code"><input type="hidden" name="code" value=""><button class="plain">不使用二次验证 Without</button></form>`);
}

export const problemPage = (text: string): string => page(`<p>${escape(text)}</p>`);

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
