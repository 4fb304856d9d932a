import type { Problem } from '#api/contract/common.ts';
import { ApiFailure, csrfHeader, newKey } from './api.ts';
import { reachable } from './connection.ts';

const CHUNK_BYTES = 256 * 1024;
const PATIENCE = 8;
const PAUSE_MS = 800;
const LONGEST_PAUSE_MS = 15_000;
const TUS = { 'tus-resumable': '1.0.0' };

export type Upload = {
  /** resolves with the id of the document */
  done: Promise<string>;
  /** gives it up; `done` rejects with an AbortError */
  stop: () => void;
};

/**
 * Sends a file in pieces (tus 1.0.0), and goes on where the line broke: what has arrived is not sent again. `onProgress`: 0 to 1. Rejects with `ApiFailure`
 * where the server refuses it, or is away for too long.
 */
export function upload(file: File, onProgress: (share: number) => void): Upload {
  const gone = new AbortController();
  return { done: send(file, onProgress, gone.signal), stop: () => gone.abort() };
}

async function send(file: File, onProgress: (share: number) => void, signal: AbortSignal): Promise<string> {
  const key = newKey();
  const began = await patiently(signal, () =>
    ask('/v1/uploads', {
      method: 'POST',
      signal,
      headers: { ...TUS, 'idempotency-key': key, 'upload-length': String(file.size), 'upload-metadata': metadataOf(file) },
    }),
  );
  const { id } = (await began.json()) as { id: string };
  const path = `/v1/uploads/${id}`;
  let offset = 0;
  let stalled = false;
  do {
    // the answer to the last piece may be what got lost: an empty piece asks for it again
    await patiently(signal, async () => {
      if (stalled) offset = await offsetOf(path, signal);
      stalled = true;
      await ask(path, {
        ...{ method: 'PATCH', signal, body: file.slice(offset, offset + CHUNK_BYTES) },
        headers: { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
      });
      stalled = false;
    });
    offset = Math.min(offset + CHUNK_BYTES, file.size);
    onProgress(offset / file.size);
  } while (offset < file.size);
  return id;
}

async function offsetOf(path: string, signal: AbortSignal): Promise<number> {
  const answer = await ask(path, { method: 'GET', signal, headers: { ...TUS, accept: 'application/json' } });
  return ((await answer.json()) as { offset: number }).offset;
}

/** `utf-8` as tus wants it: Base64 of the bytes. */
function metadataOf({ name, type }: File): string {
  const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const cut = name.slice(-150);
  return [`filename ${base64(cut === '' ? 'file' : cut)}`, ...(SAYS.has(type) ? [`filetype ${base64(type)}`] : [])].join(',');
}
/** What browsers call others differs from one to the next: the server looks for itself. */
const SAYS = new Set(['application/pdf', 'image/jpeg', 'image/png']);

async function ask(path: string, init: RequestInit & { headers: Record<string, string> }): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin', headers: Object.assign(csrfHeader(), init.headers) });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    reachable.value = false;
    throw new ApiFailure({});
  }
  reachable.value = true;
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({ status: response.status }))) as Partial<Problem>;
  throw new ApiFailure(problem);
}

/** Again and again with longer pauses, and at once when the device says that it is back. */
async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const passing = error instanceof ApiFailure && (error.code === 'NETWORK' || error.problem.retryable === true || error.code === 'UPLOAD_OFFSET_WRONG');
      if (!passing || attempt >= PATIENCE) throw error;
      await pause(Math.min(PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS), signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener('online', end);
      if (signal.aborted) reject(new DOMException('aborted', 'AbortError'));
      else resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener('online', end);
    signal.addEventListener('abort', end);
  });
}
