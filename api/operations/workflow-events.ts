import type { Payload } from '@temporalio/common';

/*
 * What Temporal answers, as far as an operator's page shows it. The types name what is read and no more; numbers of 64 bits come as Long objects, times as seconds and
 * nanoseconds.
 */
type Long = { toString(): string };
export type Timestamp = { seconds?: Long | number | string | null; nanos?: number | null } | null | undefined;

export type FailureMessage = {
  message?: string | null;
  encodedAttributes?: Payload | null;
  applicationFailureInfo?: { type?: string | null } | null;
  timeoutFailureInfo?: unknown;
  canceledFailureInfo?: unknown;
  terminatedFailureInfo?: unknown;
  activityFailureInfo?: unknown;
  cause?: FailureMessage | null;
};

type Attributes = {
  activityType?: { name?: string | null } | null;
  activityId?: string | null;
  scheduledEventId?: Long | null;
  attempt?: number | null;
  signalName?: string | null;
  markerName?: string | null;
  details?: Record<string, { payloads?: Payload[] | null }> | null;
  acceptedRequest?: { input?: { name?: string | null } | null } | null;
  timerId?: string | null;
  startToFireTimeout?: Timestamp;
  startedEventId?: Long | null;
  failure?: FailureMessage | null;
  reason?: string | null;
};
export type HistoryEvent = { eventId?: Long | null; eventTime?: Timestamp } & Record<string, unknown>;

export type EventView = { id: number; type: string; at: string | null; name: string | null; attempt: number | null; failure: FailureMessage | null };
export type TimerView = { id: string; startedAt: string | null; dueAt: string | null };

const SUFFIX = 'EventAttributes';
const LOCAL_ACTIVITY = 'core_local_activity';

export function timeOf(timestamp: Timestamp): string | null {
  const ms = msOf(timestamp);
  return ms === null || ms <= 0 ? null : new Date(ms).toISOString();
}

function msOf(duration: Timestamp): number | null {
  return duration ? Number(duration.seconds ?? 0) * 1_000 + Math.floor((duration.nanos ?? 0) / 1e6) : null;
}

function attributesOf(event: HistoryEvent): { type: string; about: Attributes } {
  for (const [name, about] of Object.entries(event))
    if (name.endsWith(SUFFIX) && about) return { type: `${name.charAt(0).toUpperCase()}${name.slice(1, -SUFFIX.length)}`, about: about };
  return { type: 'Unknown', about: {} };
}

/** Events, oldest first, with what tells one from another. `open` unseals a payload that says nothing but the name of one of our activities. */
export async function viewEvents(events: readonly HistoryEvent[], open: (payload: Payload) => Promise<unknown>): Promise<EventView[]> {
  const scheduled = new Map<string, string>();
  const views: EventView[] = [];
  for (const event of events) {
    const { type, about } = attributesOf(event);
    const id = String(event.eventId ?? 0);
    if (about.activityType?.name) scheduled.set(id, about.activityType.name);
    const name =
      about.activityType?.name ??
      scheduled.get(String(about.scheduledEventId ?? '')) ??
      about.signalName ??
      about.acceptedRequest?.input?.name ??
      (about.markerName == null ? null : await markerName(about, open)) ??
      (about.timerId == null ? null : `timer ${about.timerId}`);
    views.push({
      ...{ id: Number(id), type, at: timeOf(event.eventTime), name, attempt: about.attempt ?? null, failure: about.failure ?? null },
    });
  }
  return views;
}

/** Writes of a claim run inside the workflow task and leave a marker: which one it was stands in the marker's own data. */
async function markerName({ markerName: marker, details }: Attributes, open: (payload: Payload) => Promise<unknown>): Promise<string> {
  const [data] = details?.['data']?.payloads ?? [];
  if (marker !== LOCAL_ACTIVITY || !data) return marker ?? '';
  const about = (await open(data)) as { activity_type?: unknown } | null | undefined;
  return typeof about?.activity_type === 'string' ? about.activity_type : LOCAL_ACTIVITY;
}

/** Timers that have been started and have neither fired nor been given up, the next one first. */
export function openTimers(events: readonly HistoryEvent[]): TimerView[] {
  const open = new Map<string, TimerView>();
  for (const event of events) {
    const { type, about } = attributesOf(event);
    if (type === 'TimerStarted') {
      const [started, waits] = [timeOf(event.eventTime), msOf(about.startToFireTimeout)];
      const dueAt = started === null || waits === null ? null : new Date(Date.parse(started) + waits).toISOString();
      open.set(String(event.eventId), { id: about.timerId ?? '', startedAt: started, dueAt });
    } else if (type === 'TimerFired' || type === 'TimerCanceled') {
      open.delete(String(about.startedEventId));
    }
  }
  return [...open.values()].toSorted((a, b) => ((a.dueAt ?? '') < (b.dueAt ?? '') ? -1 : 1));
}
