import { signal } from '@preact/signals';
import type { ChangesJson } from '#api/contract/live.ts';
import { ApiFailure, get } from './api.ts';

/** Which claims and tasks have changed, and nothing of what they are now: the pages that show them ask again. `all`: any of them may have. */
export type Change = { all: boolean; claims: readonly string[]; tasks: readonly string[] };
type Listener = (change: Change) => void;

const POLL_MS = 20_000;
const RETRY_MS = 60_000;
const listeners = new Set<Listener>();
let stream: EventSource | undefined;
let poller: ReturnType<typeof setInterval> | undefined;
/** somebody is signed in */
let wanted = false;
/** up to where this page has been told, by the stream or by asking: each goes on from where the other stopped */
let cursor: string | undefined;

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
const tellAll = (): void => tell({ all: true, claims: [], tasks: [] });

/** Begins to listen; the browser resumes by itself where it left off (`Last-Event-ID`). A page that nobody looks at does not listen. */
export function goLive(): void {
  wanted = true;
  open();
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') return pause();
  if (!wanted) return;
  tellAll();
  open();
});
addEventListener('online', () => {
  if (wanted) tellAll();
});

/** Nobody is signed in any more. */
export function close(): void {
  wanted = false;
  pause();
}

function pause(): void {
  stream?.close();
  stream = undefined;
  clearInterval(poller);
  poller = undefined;
  cursor = undefined;
  liveness.value = 'off';
}

function open(): void {
  if (stream || !wanted || document.visibilityState === 'hidden') return;
  const opened = new EventSource('/v1/stream');
  stream = opened;
  let begun = false;
  opened.addEventListener('open', () => {
    // one that comes after a refusal says nothing of what was before it; one that the browser resumes does
    if (!begun && cursor !== undefined) void ask();
    begun = true;
    clearInterval(poller);
    poller = undefined;
    liveness.value = 'stream';
  });
  const heard = (name: string, then: (data: string) => void): void =>
    opened.addEventListener(name, ({ data, lastEventId }: MessageEvent<string>) => {
      cursor = lastEventId;
      then(data);
    });
  heard('ready', () => undefined);
  heard('changes', (data) => tell(read(data)));
  heard('reset', tellAll);
  // the session is over: the next question says so to the page
  opened.addEventListener('bye', () => {
    close();
    tellAll();
  });
  opened.addEventListener('error', () => {
    if (stream !== opened) return;
    poller ??= setInterval(() => void ask(), POLL_MS);
    liveness.value = 'poll';
    if (opened.readyState !== EventSource.CLOSED) return;
    // refused: the browser does not try again by itself
    stream = undefined;
    setTimeout(open, RETRY_MS);
  });
}

/** The same without a stream. */
async function ask(): Promise<void> {
  try {
    const found = await get<ChangesJson>(cursor === undefined ? '/v1/changes' : `/v1/changes?after=${cursor}`);
    const { claims, tasks } = found;
    if (cursor === undefined || found.reset) tellAll();
    else if (claims.length + tasks.length > 0) tell({ all: false, claims, tasks });
    cursor = found.cursor;
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    cursor = undefined;
  }
}

function read(data: string): Change {
  try {
    const { claims = [], tasks = [] } = JSON.parse(data) as { claims?: string[]; tasks?: string[] };
    return { all: false, claims, tasks };
  } catch {
    return { all: true, claims: [], tasks: [] };
  }
}
