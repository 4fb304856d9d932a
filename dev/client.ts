import { randomUUID } from 'node:crypto';

/** A caller of the public API, as an HR system would be. Throws `ApiError` for everything that is not 2xx. */
export type ApiClient = {
  get<T>(path: string, options?: { as?: string }): Promise<T>;
  post<T>(path: string, body: unknown, options?: { as?: string; key?: string; ifMatch?: string }): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  upload(file: { name: string; content: Uint8Array; unitCode?: string }): Promise<{ id: string }>;
};

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(message: string, { status, code }: { status: number; code: string }) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function createApiClient({ url, token }: { url: string; token: string }): ApiClient {
  async function call<T>(method: string, path: string, init: { body?: string | FormData; headers?: Record<string, string> } = {}): Promise<T> {
    const response = await fetch(`${url}${path}`, { method, ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
    const text = await response.text();
    if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
    const problem = parse(text);
    throw new ApiError(`${method} ${path}: ${response.status} ${problem.code} ${text.slice(0, 500)}`, { status: response.status, code: problem.code });
  }
  const json = (body: unknown) => ({ body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  return {
    get: (path, { as } = {}) => call('GET', path, { headers: { ...(as !== undefined && { 'daozhang-actor': as }) } }),
    put: (path, body) => {
      const init = json(body);
      return call('PUT', path, { ...init, headers: { ...init.headers, 'idempotency-key': randomUUID() } });
    },
    post: (path, body, { as, key = randomUUID(), ifMatch } = {}) => {
      const init = json(body);
      const headers = {
        ...init.headers,
        'idempotency-key': key,
        ...(as !== undefined && { 'daozhang-actor': as }),
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      };
      return call('POST', path, { ...init, headers });
    },
    upload({ name, content, unitCode }) {
      const form = new FormData();
      if (unitCode !== undefined) form.set('unitCode', unitCode);
      form.set('file', new Blob([new Uint8Array(content)]), name);
      return call('POST', '/v1/documents', { body: form, headers: { 'idempotency-key': randomUUID() } });
    },
  };
}

function parse(text: string): { code: string } {
  try {
    return { code: String((JSON.parse(text) as { code?: unknown }).code) };
  } catch {
    return { code: 'not JSON' };
  }
}
