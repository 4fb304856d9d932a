import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { MOVE_TYPES } from '#domain/claim/moves.ts';
import { CLAIM_STATES } from '#domain/claim/states.ts';
import { failureConverterPath, payloadCodec } from '#platform/payload-codec.ts';
import { RECORDED_KEYS } from '../setup/payload-keys.ts';
import { readHistories } from './histories.ts';

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const histories = readHistories();

/** A claim waits for weeks: whatever changes in a workflow has to fit the histories of claims that began before. */
test('the workflow as it is now does what it did in every recorded history', async () => {
  const broken: string[] = [];
  let replayed = 0;
  const results = Worker.runReplayHistories(
    {
      workflowBundle: { codePath: inject('workflowBundle') },
      dataConverter: { payloadCodecs: [payloadCodec(RECORDED_KEYS, { anywhere: true })], failureConverterPath },
    },
    histories.map(({ file, history }) => ({ workflowId: file, history })),
  );
  for await (const { workflowId, error } of results) {
    replayed += 1;
    if (error) broken.push(`${workflowId}: ${error.message}`);
  }
  expect(broken).toEqual([]);
  expect(replayed).toBe(histories.length);
});

test('among the histories is every way in which a claim ends', () => {
  const ends = new Set(histories.filter(({ closed }) => closed).map(({ trail }) => trail.at(-1)));
  expect([...ends].toSorted()).toEqual(['CLEARED PAID', 'DENIAL_FINAL DENIED', 'REVERSED REVERSED', 'WITHDRAWN WITHDRAWN']);
  const kinds = new Set(histories.filter(({ closed }) => closed).map(({ workflowId }) => workflowId.split('/')[2] ?? 'first'));
  expect([...kinds].toSorted()).toEqual(['appeal', 'first', 'return']);
});

test('and every move and state of a claim that has a workflow', () => {
  const steps = histories.flatMap(({ trail }) => trail.map((step) => step.split(' ')));
  const moves = new Set(steps.map(([move]) => move?.replace(/\(.*/, '')));
  const states = new Set(steps.map(([, state]) => state));
  // a draft has no workflow yet
  expect(MOVE_TYPES.filter((type) => !moves.has(type))).toEqual(['CONFIRMED']);
  expect(CLAIM_STATES.filter((state) => !states.has(state))).toEqual(['DRAFT']);
});

test('among the histories are some from before payloads were sealed, and some that are: old claims go on', () => {
  const sealed = Buffer.from('binary/encrypted').toString('base64');
  const kinds = new Set(histories.map(({ history }) => JSON.stringify(history).includes(sealed)));
  expect(kinds).toEqual(new Set([true, false]));
});

test('nothing recorded says where it was recorded', () => {
  const place = /"identity":"(?!recorder")|\/(home|work|root|Users|tmp)\//;
  for (const { file, history } of histories) expect([file, place.test(JSON.stringify(history))]).toEqual([file, false]);
});
