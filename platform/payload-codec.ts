import { fileURLToPath } from 'node:url';
import type { DataConverter, Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import { additionalData } from './crypto/additional-data.ts';
import type { DataKey, Suite } from './crypto/data-key.ts';
import { seal, unseal } from './crypto/envelope.ts';

/** The keys of Temporal's payloads, by generation: a new one seals, old ones stay readable for as long as histories are kept. */
export type PayloadKeys = {
  current(): Promise<{ generation: number; key: DataKey; suite: Suite }>;
  /** undefined where this installation never had such a generation */
  find(generation: number): Promise<DataKey | undefined>;
};

/** Where a payload belongs, as it was sealed: told in clear beside it, and bound to it by the tag. `''` where the SDK named no place. */
export type PayloadPlace = { namespace: string; workflowId: string };

/** Says nothing of the content. */
export class PayloadUnreadable extends Error {
  override readonly name = 'PayloadUnreadable';
}

const ENCODING = 'binary/encrypted';
const METADATA = { encoding: 'encoding', key: 'encryption-key-id', namespace: 'daozhang-namespace', workflowId: 'daozhang-workflow' } as const;
const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** Loaded by path, because the workflow bundle has its own copy (`bundleWorkflows`). */
export const failureConverterPath = fileURLToPath(new URL('./failure-converter.ts', import.meta.url));

/** How everything that goes to Temporal and comes from it is converted: for clients and for workers. */
export function encryptingConverter(keys: PayloadKeys): DataConverter {
  return { payloadCodecs: [payloadCodec(keys)], failureConverterPath };
}

/**
 * Seals what Temporal stores: arguments, results, heartbeats, memos, summaries, details and the failures that `failureConverterPath` makes payloads of; not search
 * attributes and headers, which the server reads. A payload is bound to its namespace and workflow: one that was copied into the history of another cannot be
 * opened there. Payloads of histories from before the codec are in clear and pass.
 *
 * `anywhere` takes the place that stands beside a payload without asking whether it is the one that it came from: for replaying histories, which the SDK does
 * in a namespace of its own. Throws `PayloadUnreadable` for what cannot be opened.
 */
export function payloadCodec(keys: PayloadKeys, { anywhere = false }: { anywhere?: boolean } = {}): PayloadCodec {
  return {
    async encode(payloads, context) {
      if (payloads.length === 0) return payloads;
      const { generation, key, suite } = await keys.current();
      const place = { namespace: context?.namespace ?? '', workflowId: context?.workflowId ?? '' };
      const aad = bind(generation, place);
      const metadata = {
        [METADATA.encoding]: Buffer.from(ENCODING),
        [METADATA.key]: Buffer.from(String(generation)),
        [METADATA.namespace]: Buffer.from(place.namespace),
        [METADATA.workflowId]: Buffer.from(place.workflowId),
      };
      return payloads.map((payload) => ({ metadata, data: seal({ key, suite, aad }, PayloadMessage.encode(payload).finish()) }));
    },
    decode: (payloads, context) => Promise.all(payloads.map((payload) => open(payload, context))),
  };

  async function open(payload: Payload, context: SerializationContext | undefined): Promise<Payload> {
    const place = placeOf(payload);
    if (place === undefined) return payload;
    if (!anywhere && context !== undefined && !isAt(place, context)) throw new PayloadUnreadable('a payload was moved from the workflow that it belongs to');
    const generation = Number(text(payload, METADATA.key));
    const key = Number.isSafeInteger(generation) ? await keys.find(generation) : undefined;
    if (key === undefined) throw new PayloadUnreadable(`there is no key of generation ${generation}`);
    return PayloadMessage.decode(unseal({ key, aad: bind(generation, place) }, payload.data ?? new Uint8Array()));
  }
}

/** Where a sealed payload says that it belongs, which only opening it proves; undefined for one in clear. */
export function placeOf(payload: Payload): PayloadPlace | undefined {
  if (text(payload, METADATA.encoding) !== ENCODING) return undefined;
  return { namespace: text(payload, METADATA.namespace), workflowId: text(payload, METADATA.workflowId) };
}

function bind(generation: number, { namespace, workflowId }: PayloadPlace): Buffer {
  return additionalData('temporal-payload', String(generation), namespace, workflowId);
}

/**
 * The runs of a schedule are one: it seals under the id that its action names, the server starts each run under that id and its time, and hands a run what the one
 * before it returned. What an operator sealed by the codec server belongs to no place: it may be sent anywhere.
 */
function isAt(place: PayloadPlace, { namespace, workflowId = '' }: SerializationContext): boolean {
  if (place.namespace === '' && place.workflowId === '') return true;
  if (place.namespace !== namespace) return false;
  return place.workflowId === workflowId || (SCHEDULED_AT.test(workflowId) && scheduleOf(place.workflowId) === scheduleOf(workflowId));
}
const SCHEDULED_AT = /-\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const scheduleOf = (workflowId: string): string => workflowId.replace(SCHEDULED_AT, '');

const text = ({ metadata }: Payload, name: string): string => Buffer.from(metadata?.[name] ?? []).toString('utf8');
