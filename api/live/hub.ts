import { PassThrough } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import type { Database } from '#prisma/database.ts';
import { findPerson } from '#prisma/queries/api-keys.ts';
import { isAhead, isSnapshot, readChanges, readSnapshot, type Changes, type Snapshot } from '#prisma/queries/changes.ts';
import { findOpenSessions } from '#prisma/queries/sessions.ts';
import { askerOf, scopeOf, type Caller } from '../plugins/auth.ts';
import { visibleTo, type Reader } from './visible-changes.ts';

export type LiveOptions = {
  /** between two questions to the database, for all who are connected to this process */
  pollMs: number;
  /** proxies close what is silent, mostly after a minute */
  heartbeatMs: number;
  /** after it the page connects anew, and to another process where one has gone */
  lifetimeMs: number;
  /** connections of one person, and of all, to this process */
  perPerson: number;
  perProcess: number;
};
export const LIVE: LiveOptions = { pollMs: 1_000, heartbeatMs: 15_000, lifetimeMs: 3_600_000, perPerson: 8, perProcess: 2_000 };

/** A session that is signed in, and whose it is. */
export type Listener = { session: { id: string; employeeNo: string; unitId: string }; caller: Caller };

export type Hub = {
  /** A stream of events for this session, from `after` on; undefined where there are too many already. */
  open(listener: Listener, after: string | undefined): Promise<PassThrough | undefined>;
  /** Ends all streams, whose pages then connect anew. */
  close(): void;
};

/** How long what somebody may see is believed before it is read again. */
const ROLES_MS = 15_000;
/** A page that takes nothing any more is given up. */
const UNREAD_BYTES = 256 * 1024;
/** questions of readers at once: most of the connections stay for requests */
const AT_ONCE = 3;

type Stream = { output: PassThrough; openedAt: number; writtenAt: number };
type Session = Listener['session'] & Reader & { caller: Caller; readAt: number; streams: Set<Stream> };

/**
 * Tells the pages that are open what has changed: one question a second for all of them, whatever their number, and where something has changed one for each session, in its
 * own scope. Nothing is asked while nobody listens. What the database does not answer is asked again from the same place, so nothing is missed.
 */
export function createHub(
  { database, clock, log, idleMinutes }: { database: Database; clock: () => Date; log: FastifyBaseLogger; idleMinutes: number },
  options: LiveOptions = LIVE,
): Hub {
  const sessions = new Map<string, Session>();
  let since: Snapshot | undefined;
  let beginning: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closing = false;

  const streams = (): Stream[] => [...sessions.values()].flatMap((session) => [...session.streams]);

  function join({ session: { id, employeeNo, unitId }, caller }: Listener): { session: Session; stream: Stream } {
    const now = Date.now();
    const fresh = { ...{ id, employeeNo, unitId, caller, readAt: now }, ...readerOf(caller) };
    const known = sessions.get(id);
    const session: Session = known ? Object.assign(known, fresh) : { ...fresh, streams: new Set() };
    const stream: Stream = { output: new PassThrough(), openedAt: now, writtenAt: now };
    session.streams.add(stream);
    sessions.set(id, session);
    stream.output.on('error', () => undefined).on('close', () => leave(session, stream));
    return { session, stream };
  }

  function leave(session: Session, stream: Stream): void {
    session.streams.delete(stream);
    if (session.streams.size === 0 && sessions.get(session.id) === session) sessions.delete(session.id);
    if (sessions.size > 0) return;
    clearTimeout(timer);
    [timer, since, beginning] = [undefined, undefined, undefined];
  }

  const readerOf = (caller: Caller): Reader => ({ asker: askerOf(caller), db: database.within(scopeOf(caller)) });

  /** Whether what the session may see is known, and not too old. False: there is nobody any more who could see anything. */
  async function refresh(session: Session): Promise<boolean> {
    if (Date.now() - session.readAt < ROLES_MS) return true;
    const person = await findPerson(database, { employeeNo: session.employeeNo, within: session.unitId, at: clock() });
    if (!person) return false;
    const caller = { ...session.caller, person };
    Object.assign(session, { caller, readAt: Date.now() }, readerOf(caller));
    return true;
  }

  async function tell(session: Session, changes: Changes & { snapshot: Snapshot }): Promise<void> {
    try {
      if (!(await refresh(session))) return end(session, ENDED);
      const text = changes.more ? eventOf('reset', changes.snapshot, {}) : await changesText(session, changes);
      if (text !== undefined) for (const stream of session.streams) write(stream, text);
    } catch (error) {
      // the page comes back with the last id that it has, and misses nothing
      log.warn({ err: error }, 'a page could not be told what has changed');
      end(session);
    }
  }

  async function look(): Promise<void> {
    const asked = [...sessions.values()];
    const open = await findOpenSessions(database, { ids: asked.map(({ id }) => id), at: clock(), idleMinutes });
    for (const session of asked) if (!open.has(session.id)) end(session, ENDED);
    if (since === undefined) return;
    const changes = await readChanges(database, { since });
    if (changes.more || changes.claims.length > 0 || changes.tasks.length > 0) {
      const all = [...sessions.values()];
      while (all.length > 0) await Promise.all(all.splice(0, AT_ONCE).map((session) => tell(session, changes)));
    }
    since = changes.snapshot;
  }

  async function tick(): Promise<void> {
    try {
      await look();
    } catch (error) {
      log.warn({ err: error }, 'what has changed could not be read');
    }
    const now = Date.now();
    for (const stream of streams()) {
      if (now - stream.openedAt > options.lifetimeMs) stream.output.end();
      else if (now - stream.writtenAt >= options.heartbeatMs) write(stream, since === undefined ? ':\n\n' : `id: ${since}\n\n`);
    }
    if (sessions.size > 0 && !closing) again();
  }

  function again(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void tick(), options.pollMs).unref();
  }

  return {
    async open(listener, after) {
      const { employeeId } = listener.caller.person ?? {};
      const own = [...sessions.values()].filter(({ caller }) => caller.person?.employeeId === employeeId).flatMap((session) => [...session.streams]);
      if (closing || own.length >= options.perPerson || streams().length >= options.perProcess) return undefined;
      const { session, stream } = join(listener);
      try {
        // In this order: what is committed before the page's own look is in it, and what comes later is told to all.
        await (beginning ??= readSnapshot(database).then((snapshot) => {
          since = snapshot;
          again();
        }));
        write(stream, await beginningOf(session, after));
      } catch (error) {
        stream.output.destroy();
        throw error;
      }
      return stream.output;
    },
    close() {
      closing = true;
      clearTimeout(timer);
      for (const session of sessions.values()) end(session);
    },
  };

  /** What a page is told first: what it missed, or where it stands. */
  async function beginningOf(reader: Reader, after: string | undefined): Promise<string> {
    // spread over some seconds, or all pages of a process that has gone come back at once
    const retry = `retry: ${2_000 + Math.floor(Math.random() * 3_000)}\n`;
    if (after === undefined) return `${retry}${eventOf('ready', await readSnapshot(database), {})}`;
    if (!isSnapshot(after)) return `${retry}${eventOf('reset', await readSnapshot(database), {})}`;
    const changes = await readChanges(database, { since: after });
    if (changes.more || isAhead(after, changes.snapshot)) return `${retry}${eventOf('reset', changes.snapshot, {})}`;
    return `${retry}${(await changesText(reader, changes)) ?? eventOf('ready', changes.snapshot, {})}`;
  }
}

const ENDED = 'event: bye\ndata: {"reason":"session-ended"}\n\n';

function end(session: Session, lastWords = ''): void {
  for (const { output } of session.streams) output.end(lastWords);
}

function write(stream: Stream, text: string): void {
  const { output } = stream;
  if (output.writableEnded || output.destroyed) return;
  stream.writtenAt = Date.now();
  output.write(text);
  if (output.readableLength + output.writableLength > UNREAD_BYTES) output.destroy();
}

/** undefined: nothing of it is this reader's to know. */
async function changesText(reader: Reader, changes: Changes & { snapshot: Snapshot }): Promise<string | undefined> {
  const { claims, tasks } = await visibleTo(reader, changes);
  return claims.length + tasks.length === 0 ? undefined : eventOf('changes', changes.snapshot, { claims, tasks });
}

const eventOf = (name: 'ready' | 'changes' | 'reset', id: Snapshot, data: Record<string, unknown>): string =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
