import { defaultPayloadConverter, type Payload, type SerializationContext } from '@temporalio/common';
import { expect, test } from 'vitest';
import { payloadCodec, PayloadUnreadable, placeOf } from '#platform/payload-codec.ts';
import { SUITES } from '#platform/crypto/data-key.ts';
import { SealBroken } from '#platform/crypto/envelope.ts';
import { makePayloadKeys } from '../setup/payload-keys.ts';

const CLAIM: SerializationContext = { type: 'workflow', namespace: 'claims', workflowId: 'claim/YB20261122-00000001' };
const OTHER: SerializationContext = { ...CLAIM, workflowId: 'claim/YB20261122-00000002' };
const secret = { comment: '诊断：急性阑尾炎 K35.8', account: '6229090000000001' };
const plain = (): Payload => defaultPayloadConverter.toPayload(secret);
const valueOf = (payload: Payload | undefined): unknown => payload && defaultPayloadConverter.fromPayload(payload);

test.each(SUITES)('%s: what was sealed comes back, and nothing of it is in clear', async (suite) => {
  const codec = payloadCodec(makePayloadKeys(suite));
  const [sealed = {}] = await codec.encode([plain()], CLAIM);
  const bytes = Buffer.concat([...Object.values(sealed.metadata ?? {}), sealed.data ?? new Uint8Array()]);
  for (const text of ['K35.8', '6229090000000001', '诊断', 'json/plain']) expect(bytes.includes(text)).toBe(false);
  expect(placeOf(sealed)).toEqual({ namespace: 'claims', workflowId: 'claim/YB20261122-00000001' });
  expect(valueOf((await codec.decode([sealed], CLAIM))[0])).toEqual(secret);
  // the codec server knows no context: what stands beside the payload is proven by the tag
  expect(valueOf((await codec.decode([sealed]))[0])).toEqual(secret);
});

test('the same value twice is sealed differently', async () => {
  const codec = payloadCodec(makePayloadKeys());
  const [one, two] = await codec.encode([plain(), plain()], CLAIM);
  expect(Buffer.from(one?.data ?? []).equals(Buffer.from(two?.data ?? []))).toBe(false);
});

test('histories from before the codec pass as they are', async () => {
  const codec = payloadCodec(makePayloadKeys());
  expect(await codec.decode([plain()], CLAIM)).toEqual([plain()]);
  expect(await codec.encode([], CLAIM)).toEqual([]);
});

test('a payload opens in its own workflow and namespace alone, in an activity of that workflow too', async () => {
  const codec = payloadCodec(makePayloadKeys());
  const sealed = await codec.encode([plain()], CLAIM);
  const activity: SerializationContext = { type: 'activity', namespace: 'claims', workflowId: 'claim/YB20261122-00000001', activityId: '7', isLocal: true };
  expect(valueOf((await codec.decode(sealed, activity))[0])).toEqual(secret);
  await expect(codec.decode(sealed, OTHER)).rejects.toThrow(PayloadUnreadable);
  await expect(codec.decode(sealed, { ...CLAIM, namespace: 'test' })).rejects.toThrow(PayloadUnreadable);
});

test('a place that was rewritten to fit does not open: it is bound by the tag', async () => {
  const codec = payloadCodec(makePayloadKeys());
  const [sealed = {}] = await codec.encode([plain()], CLAIM);
  const moved = { ...sealed, metadata: { ...sealed.metadata, 'daozhang-workflow': Buffer.from('claim/YB20261122-00000002') } };
  await expect(codec.decode([moved], OTHER)).rejects.toThrow(SealBroken);
  await expect(codec.decode([moved])).rejects.toThrow(SealBroken);
});

test('a scheduled run reads what its schedule sealed and what the run before it returned; no other workflow does', async () => {
  const codec = payloadCodec(makePayloadKeys());
  const of = (workflowId: string): SerializationContext => ({ type: 'workflow', namespace: 'claims', workflowId });
  const [first, second] = ['reconcile/claims/CIB-2026-11-22T06:00:00Z', 'reconcile/claims/CIB-2026-11-23T06:00:00Z'];
  const sealed = await codec.encode([plain()], of('reconcile/claims/CIB'));
  const returned = await codec.encode([plain()], of(first));
  for (const payloads of [sealed, returned]) expect(valueOf((await codec.decode(payloads, of(second)))[0])).toEqual(secret);
  for (const id of ['reconcile/claims/CIB-2', 'reconcile/claims/CIBX-2026-11-22T06:00:00Z', 'reconcile/claims', '-2026-11-22T06:00:00Z'])
    for (const payloads of [sealed, returned]) await expect(codec.decode(payloads, of(id))).rejects.toThrow(PayloadUnreadable);
});

test('every byte counts', async () => {
  const codec = payloadCodec(makePayloadKeys());
  const [sealed = {}] = await codec.encode([defaultPayloadConverter.toPayload('x')], CLAIM);
  const data = Buffer.from(sealed.data ?? []);
  for (let index = 0; index < data.length; index += 1) {
    const bent = Buffer.from(data);
    bent.writeUInt8(bent.readUInt8(index) ^ 1, index);
    await expect(codec.decode([{ ...sealed, data: bent }], CLAIM)).rejects.toThrow(SealBroken);
  }
  for (const cut of [0, 1, 2, 20, data.length - 1]) await expect(codec.decode([{ ...sealed, data: data.subarray(0, cut) }], CLAIM)).rejects.toThrow(SealBroken);
});

test('old generations stay readable, another suite in between or not; a forgotten one says so and nothing else', async () => {
  const keys = makePayloadKeys();
  const codec = payloadCodec(keys);
  const old = await codec.encode([plain()], CLAIM);
  keys.turn('sm4-ctr-hmac-sm3');
  const middle = await codec.encode([plain()], CLAIM);
  keys.turn('aes-256-gcm');
  const fresh = await codec.encode([plain()], CLAIM);
  const generation = ([{ metadata } = {}]: Payload[]): string => Buffer.from(metadata?.['encryption-key-id'] ?? []).toString();
  expect([old, middle, fresh].map(generation)).toEqual(['1', '2', '3']);
  for (const sealed of [old, middle, fresh]) expect(valueOf((await codec.decode(sealed, CLAIM))[0])).toEqual(secret);
  keys.forget(1);
  await expect(codec.decode(old, CLAIM)).rejects.toThrow('there is no key of generation 1');
  for (const id of ['', '0', '-1', '1.5', 'NaN', '1e3', '99999999999999999999']) {
    const named = old.map((payload) => ({ ...payload, metadata: { ...payload.metadata, 'encryption-key-id': Buffer.from(id) } }));
    await expect(codec.decode(named, CLAIM)).rejects.toThrow(PayloadUnreadable);
  }
});

test('a replay, which the SDK does in a namespace of its own, reads the place from beside the payload', async () => {
  const keys = makePayloadKeys();
  const sealed = await payloadCodec(keys).encode([plain()], CLAIM);
  const replayed = await payloadCodec(keys, { anywhere: true }).decode(sealed, OTHER);
  expect(valueOf(replayed[0])).toEqual(secret);
});
