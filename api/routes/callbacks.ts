import type { KeyObject } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { refuse } from '#domain/errors.ts';
import { acknowledgeBankCallback, parseBankCallback } from '#platform/bank-codec.ts';
import { acknowledgeBureauCallback } from '#platform/bureau-envelope.ts';
import { parseBureauCallback } from '#platform/bureau-codec.ts';
import { sm3, verifyHeaders } from '#platform/gateway-signature.ts';
import type { Tx } from '#prisma/database.ts';
import { storeMessage, type Acknowledgement, type InboxMessage } from '#prisma/queries/inbox.ts';
import { bankAnswer, bankParams, bureauAnswer, bureauParams, signedHeaders } from '../contract/callbacks.ts';
import { responses } from '../contract/common.ts';
import { tellBankNews, tellBureauAnswer } from '../callback-effects.ts';
import { draftFromVisit, mayKeepVisit } from '../visit-draft.ts';

const tags = ['callbacks'];
const BANK_NOTICE = 'DZXFERNTFRQ';
/** A decision on two thousand lines has half of this. */
const CALLBACK_LIMIT_BYTES = 1024 * 1024;

/**
 * What bureaus and banks tell us. Verified over the bytes as they came, stored with the command that tells the workflow in one transaction, and only
 * then acknowledged: whatever is away, nothing that was acknowledged is lost, and what is repeated gets the first acknowledgement again.
 */
export const callbackRoutes: FastifyPluginAsyncZod = async (app) => {
  const { gateways, clock } = app.deps;
  keepRawBodies(app);

  app.post(
    '/v1/callbacks/bureaus/:code',
    {
      config: { access: 'signed' },
      schema: {
        tags,
        summary: 'A decision (DZ11) or a visit (DZ13)',
        description: 'See docs/gateways.md.',
        headers: signedHeaders,
        params: bureauParams,
        response: responses({ 200: bureauAnswer }, { with: 'body', codes: ['SIGNATURE_INVALID', 'MESSAGE_REPLAYED'] }),
      },
    },
    async (request, reply) => {
      const { code } = request.params;
      const bureau = gateways.bureaus.find((one) => one.code === code);
      const call = verified(request, bureau);
      if (!call) return reply.refuse(refuse('SIGNATURE_INVALID'));
      const parsed = parseBureauCallback(call.rawBody);
      if (!parsed.ok || parsed.message.infno !== call.apiName) {
        const why = parsed.ok ? 'infno: not the one that was signed' : parsed.why;
        request.log.warn({ bureau: code, why }, 'a callback cannot be read');
        const messageId = parsed.ok ? parsed.message.messageId : parsed.messageId;
        return acknowledge(reply, acknowledgeBureauCallback({ messageId, at: clock(), refusal: why }));
      }
      const { message } = parsed;
      const stored = {
        ...{ source: code, messageId: message.messageId, bodyDigest: sm3(call.rawBody), type: message.kind },
        ...{ body: { answer: message.answer, raw: message.raw }, acknowledgement: acknowledgeBureauCallback({ messageId: message.messageId, at: clock() }) },
      };
      return receive(
        app,
        reply,
        stored,
        (tx) =>
          message.kind === 'decision'
            ? tellBureauAnswer(tx, { bureauCode: code, messageId: message.messageId, claimNumber: message.claimNumber, at: clock() })
            : draftFromVisit(tx, { bureauCode: code, messageId: message.messageId, visit: message.answer, deps: app.deps }),
        (tx) => (message.kind === 'decision' ? Promise.resolve(true) : mayKeepVisit(tx, { visit: message.answer, at: clock() })),
      );
    },
  );

  app.post(
    '/v1/callbacks/banks/:code',
    {
      config: { access: 'signed' },
      schema: {
        tags,
        summary: 'The result of a payment (DZXFERNTFRQ)',
        description: 'See docs/gateways.md.',
        headers: signedHeaders,
        params: bankParams,
        response: responses({ 200: bankAnswer }, { with: 'body', codes: ['SIGNATURE_INVALID', 'MESSAGE_REPLAYED'] }),
      },
    },
    async (request, reply) => {
      const { code } = request.params;
      const bank = gateways.banks.find((one) => one.code === code);
      const call = verified(request, bank);
      if (!call) return reply.refuse(refuse('SIGNATURE_INVALID'));
      const parsed = parseBankCallback(call.rawBody);
      if (!parsed.ok || call.apiName !== BANK_NOTICE) {
        const why = parsed.ok ? 'not the transaction that was signed' : parsed.why;
        request.log.warn({ bank: code, why }, 'a callback cannot be read');
        const messageId = parsed.ok ? parsed.message.messageId : parsed.messageId;
        return acknowledge(reply, acknowledgeBankCallback({ messageId, at: clock(), refusal: why }));
      }
      const { messageId, reference, status, record, raw } = parsed.message;
      const stored = {
        ...{ source: code, messageId, bodyDigest: sm3(call.rawBody), type: 'payment-result' as const },
        ...{ body: { reference, status, record, raw }, acknowledgement: acknowledgeBankCallback({ messageId, at: clock() }) },
      };
      return receive(app, reply, stored, (tx) => tellBankNews(tx, { bankCode: code, messageId, reference, at: clock() }));
    },
  );
};

/** Signatures are made over bytes: nothing here may be parsed before it is verified. */
function keepRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(['application/json', 'application/x-fox'], { parseAs: 'buffer', bodyLimit: CALLBACK_LIMIT_BYTES }, (_request, body, done) =>
    done(null, body),
  );
}

/** An unknown bureau or bank is answered like a wrong signature: strangers learn nothing of whom we work with. */
function verified(
  request: FastifyRequest,
  link: { callbackAccessKey: string; callbackSecret: KeyObject } | undefined,
): { rawBody: Buffer; apiName: string } | undefined {
  const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const secretFor = (accessKey: string) => (accessKey === link?.callbackAccessKey ? link.callbackSecret : undefined);
  const check = verifyHeaders(rawBody, request.headers, { secretFor, now: request.server.deps.clock() });
  if (check.ok) return { rawBody, apiName: check.apiName };
  request.log.warn({ reason: check.reason }, 'a callback is not signed as it should be');
  return undefined;
}

/** What is kept of a message that nobody has consented to: that it came, and its digest. */
const WITHHELD = { withheld: 'consent-missing' };

/** Stores a message with its effect, once, and acknowledges it. */
async function receive(
  app: FastifyInstance,
  reply: FastifyReply,
  message: InboxMessage,
  effect: (tx: Tx) => Promise<void>,
  mayKeep: (tx: Tx) => Promise<boolean> = () => Promise.resolve(true),
): Promise<FastifyReply> {
  const result = await app.deps.database.within({ source: message.source }).write(async (tx) => {
    const stored = await storeMessage(tx, (await mayKeep(tx)) ? message : { ...message, body: WITHHELD });
    if (stored.kind === 'stored') await effect(tx);
    return stored;
  });
  if (result.kind === 'replayed') return reply.refuse(refuse('MESSAGE_REPLAYED'));
  return acknowledge(reply, result.kind === 'repeated' ? result.acknowledgement : message.acknowledgement);
}

function acknowledge(reply: FastifyReply, { mediaType, body }: Acknowledgement): FastifyReply {
  return reply.code(200).type(mediaType).send(body);
}
