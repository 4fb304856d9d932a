import type { Problem } from '#api/contract/common.ts';
import { language } from '../i18n/language.ts';
import { attendance } from './attended.ts';
import { reachable, sessionEnded } from './connection.ts';

/**
 * Something was not done. `code` is one of docs/errors.md, or `NETWORK` where nothing came back: then it may have been done all the same, and
 * sending it again under the same key is safe. `title` is in the reader's language.
 */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly code: Problem['code'] | 'NETWORK';
  readonly status: number;
  readonly problem: Partial<Problem>;

  constructor(problem: Partial<Problem>) {
    super(problem.code ?? 'NETWORK');
    this.problem = problem;
    this.code = problem.code ?? 'NETWORK';
    this.status = problem.status ?? 0;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Call = {
  body?: unknown;
  /** names what is to be done once: keep it with what is being done, and give it again when it is tried again */
  key?: string;
  ifMatch?: string;
  signal?: AbortSignal;
};

const TRIES = 4;
const MOST_SECONDS = 20;
let csrfToken = '';

/** Told by the session; sent with whatever changes something. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** For the few calls that do not go through `call`. */
export const csrfHeader = (): Record<string, string> => ({ 'daozhang-csrf': csrfToken, 'accept-language': language.value === 'zh' ? 'zh-CN' : 'en' });

/** A new key for something that is to be done once. Kept by whoever may have to try it again. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Calls the API in the name of who is signed in. Reading, and whatever carries a key, is tried again when the line broke or the answer says that it
 * may be; the rest is tried once. Throws `ApiFailure`.
 */
export async function call<T>(method: Method, path: string, { body, key, ifMatch, signal }: Call = {}): Promise<T> {
  const headers: Record<string, string> = { ...csrfHeader(), ...attendance(), accept: 'application/json' };
  if (key !== undefined) headers['idempotency-key'] = key;
  if (ifMatch !== undefined) headers['if-match'] = ifMatch;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }), ...(signal && { signal }) };
  const repeatable = method === 'GET' || key !== undefined;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send<T>(path, init);
    if (answer.ok) return answer.value;
    const { failure, waitSeconds } = answer;
    if (!repeatable || attempt >= TRIES || !mayPass(failure)) throw failure;
    await delay(Math.min(waitSeconds ?? 2 ** (attempt - 1), MOST_SECONDS) * 1_000, signal);
  }
}

export const get = <T>(path: string, call_?: Pick<Call, 'signal'>): Promise<T> => call<T>('GET', path, call_);
export const post = <T>(path: string, body: unknown, about: Omit<Call, 'body'> = {}): Promise<T> => call<T>('POST', path, { ...about, body });

type Sent<T> = { ok: true; value: T } | { ok: false; failure: ApiFailure; waitSeconds?: number };

async function send<T>(path: string, init: RequestInit): Promise<Sent<T>> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin' });
    text = await response.text();
  } catch (error) {
    if (init.signal?.aborted) throw error;
    reachable.value = false;
    return { ok: false, failure: new ApiFailure({}) };
  }
  reachable.value = true;
  if (response.ok) return { ok: true, value: (text === '' ? undefined : JSON.parse(text)) as T };
  const failure = new ApiFailure(problemOf(text, response.status));
  if (failure.code === 'SESSION_ENDED') sessionEnded.value = true;
  const wait = Number(response.headers.get('retry-after') ?? NaN);
  return { ok: false, failure, ...(wait > 0 && { waitSeconds: wait }) };
}

/** A proxy in between may answer with a page of its own: that is an outage, and no answer of ours. */
function problemOf(text: string, status: number): Partial<Problem> {
  try {
    const problem = JSON.parse(text) as Partial<Problem>;
    if (typeof problem.code === 'string') return problem;
  } catch {
    // not ours
  }
  return { status };
}

const mayPass = ({ code, problem, status }: ApiFailure): boolean => (code === 'NETWORK' ? status === 0 || status >= 502 : problem.retryable === true);

function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new DOMException('aborted', 'AbortError'));
    });
  });
}
