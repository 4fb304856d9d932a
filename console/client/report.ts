const MOST = 5;
let sent = 0;

/**
 * Tells the server's log that a page broke: the name and message of the error, where in our own files, and on which kind of page. No text of the page, no
 * number from the address.
 */
export function reportError(error: unknown): void {
  if (sent >= MOST) return;
  sent += 1;
  const { name, message, stack = '' } = error instanceof Error ? error : { name: 'NotAnError', message: typeof error, stack: '' };
  const frames = [...stack.matchAll(/\/app\/(assets\/[\w.-]+:\d+:\d+)/g)].slice(0, 8).map(([, frame = '']) => frame);
  const body = { name: name.slice(0, 60), message: message.slice(0, 200), frames, page: pageKind() };
  void fetch('/v1/page-errors', { method: 'POST', keepalive: true, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).catch(
    () => undefined,
  );
}

/** Whatever nobody caught. */
export function reportUncaught(): void {
  addEventListener('error', ({ error, filename }) => {
    // scripts of an app around us are its own affair
    if (error !== undefined && filename.includes('/app/')) reportError(error);
  });
  addEventListener('unhandledrejection', ({ reason }) => {
    if (!(reason instanceof DOMException && reason.name === 'AbortError')) reportError(reason);
  });
}

/** `/app/claims/YB…` → `/app/claims/*`: words of our own, and nothing that names somebody or something. */
const pageKind = (): string =>
  location.pathname
    .split('/')
    .slice(0, 6)
    .map((part) => (/^[a-z-]{0,20}$/.test(part) ? part : '*'))
    .join('/');
