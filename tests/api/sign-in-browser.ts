/** What a browser is to our API: it keeps cookies by origin, says where a request comes from, and follows nothing by itself. */
export type Browser = {
  get(url: string | URL, headers?: Record<string, string>): Promise<Page>;
  post(url: string | URL, body: URLSearchParams | string | undefined, headers?: Record<string, string>): Promise<Page>;
  send(method: string, url: string | URL, headers?: Record<string, string>, body?: string): Promise<Page>;
  /** the cookies of an origin, to look at and to tamper with */
  cookies(origin: string): Map<string, string>;
};
export type Page = {
  status: number;
  location: string | undefined;
  text: string;
  url: URL;
  headers: Headers;
  setCookies: string[];
  json<T = Record<string, unknown>>(): T;
};

export function openBrowser(): Browser {
  const jars = new Map<string, Map<string, string>>();
  const cookies = (origin: string): Map<string, string> => {
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };

  async function send(method: string, to: string | URL, headers: Record<string, string> = {}, body?: string): Promise<Page> {
    const url = new URL(to);
    const jar = cookies(url.origin);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...{ method, redirect: 'manual', headers: { ...(cookie !== '' && { cookie }), ...headers } },
      ...(body !== undefined && { body }),
    });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const expires = /expires=([^;]+)/i.exec(line)?.[1];
      if (/max-age=0/i.test(line) || (expires !== undefined && new Date(expires) < new Date())) jar.delete(name);
      else jar.set(name, value);
    }
    const text = await response.text();
    const location = response.headers.get('location') ?? undefined;
    return { ...{ status: response.status, url, text, setCookies, headers: response.headers, location }, json: <T>() => JSON.parse(text) as T };
  }

  return {
    ...{ cookies, send },
    get: (url, headers) => send('GET', url, headers),
    post: (url, body, headers = {}) => {
      const type = body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
      return send('POST', url, { ...type, ...headers }, body?.toString());
    },
  };
}
