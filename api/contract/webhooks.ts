import { z } from 'zod';
import { claimNumber, pageQuery, time, unitCode } from './common.ts';

export const WEBHOOK_EVENTS = ['claim.stage_changed'] as const;

export const endpointParams = z.strictObject({ id: z.uuid() });
export const endpointQuery = z.strictObject({ ...pageQuery });
export const newEndpoint = z
  .strictObject({
    url: z
      .url()
      .max(500)
      .refine((text) => /^[\x21-\x7e]+$/.test(text)),
    unitCode: unitCode.optional().meta({ description: "Whose claims it hears of; the key's unit where absent" }),
    events: z.array(z.enum(WEBHOOK_EVENTS)).min(1).default(['claim.stage_changed']),
  })
  .meta({ id: 'NewWebhookEndpoint' });

const endpointFields = { id: z.uuid(), url: z.string(), unitCode, events: z.array(z.string()), createdAt: time };
export const endpoint = z.strictObject(endpointFields).meta({ id: 'WebhookEndpoint' });
export const endpointMade = z
  .strictObject({ ...endpointFields, secret: z.string().nullable().meta({ description: 'Standard Webhooks; shown once: null where the answer is repeated' }) })
  .meta({ id: 'WebhookEndpointMade' });

export const deliveryStatus = z.enum(['PENDING', 'SENT', 'FAILED']);
export const deliveryQuery = z.strictObject({
  ...pageQuery,
  endpointId: z.uuid().optional(),
  status: deliveryStatus.optional(),
  claimNumber: claimNumber.optional(),
});
export const deliveryParams = z.strictObject({ id: z.uuid() });
export const delivery = z
  .strictObject({
    id: z.uuid(),
    endpointId: z.uuid(),
    claimNumber,
    event: z.string(),
    payload: z.record(z.string(), z.unknown()),
    status: deliveryStatus,
    attempts: z.int(),
    nextAttemptAt: time.nullable(),
    lastError: z.string().nullable(),
    responseStatus: z.int().nullable(),
    createdAt: time,
    sentAt: time.nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
