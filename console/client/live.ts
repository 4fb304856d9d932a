import { signal } from '@preact/signals';

/**
 * What has changed, and nothing of what it is now: `id` is a claim's number or a task's id. The pages that show it ask again. `poll`: something may have.
 */
export type Change = { type: string; id: string | null };
type Listener = (change: Change) => void;

const POLL_MS = 20_000;
const RETRY_MS = 60_000;
const listeners = new Set<Listener>();
let stream: EventSource | undefined;
let poller: ReturnType<typeof setInterval> | undefined;

/** `stream`: told by the server; `poll`: asked for now and then, because there is no stream. */
export const liveness = signal<'stream' | 'poll' | 'off'>('off');

/** Hears of changes until the returned function is called. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

const tell = (change: Change): void => {
  for (const listener of listeners) listener(change);
};
const tellPoll = (): void => tell({ type: 'poll', id: null });

/** Begins to listen; the browser resumes by itself where it left off (`Last-Event-ID`). A page that nobody looks at does not listen. */
export function goLive(): void {
  open();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') return close();
    tellPoll();
    open();
  });
  addEventListener('online', tellPoll);
}

/** Nobody is signed in any more. */
export function close(): void {
  stream?.close();
  stream = undefined;
  clearInterval(poller);
  poller = undefined;
  liveness.value = 'off';
}

function open(): void {
  if (stream || document.visibilityState === 'hidden') return;
  const opened = new EventSource('/v1/stream');
  stream = opened;
  opened.addEventListener('open', () => {
    clearInterval(poller);
    poller = undefined;
    liveness.value = 'stream';
  });
  opened.addEventListener('message', ({ data }) => {
    const change = read(String(data));
    if (change) tell(change);
  });
  opened.addEventListener('error', () => {
    poller ??= setInterval(tellPoll, POLL_MS);
    liveness.value = 'poll';
    if (opened.readyState !== EventSource.CLOSED) return;
    // refused: the browser does not try again by itself
    stream = undefined;
    setTimeout(open, RETRY_MS);
  });
}

function read(data: string): Change | undefined {
  try {
    const { type, id, number } = JSON.parse(data) as { type?: unknown; id?: unknown; number?: unknown };
    const about = typeof number === 'string' ? number : id;
    return typeof type === 'string' ? { type, id: typeof about === 'string' ? about : null } : undefined;
  } catch {
    return undefined;
  }
}
