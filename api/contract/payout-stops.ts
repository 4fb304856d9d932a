import { z } from 'zod';
import { actor, note, time, unitCode } from './common.ts';

/** `*` stops everything and is for keys of the root unit. */
export const stopScope = z.union([z.literal('*'), unitCode]);
export const stopParams = z.strictObject({ scope: stopScope });
export const newStop = z.strictObject({ scope: stopScope, reason: note(500).min(1) }).meta({ id: 'NewPayoutStop' });
export const payoutStop = z.strictObject({ scope: z.string(), reason: z.string(), stoppedBy: actor, stoppedAt: time }).meta({ id: 'PayoutStop' });
export const payoutStops = z.strictObject({ items: z.array(payoutStop) }).meta({ id: 'PayoutStops' });
