import { randomUUID } from 'node:crypto';
import { GatewayUnavailable } from '#domain/errors.ts';
import type { BankGateway, StatementLine, TransferOrder, TransferStatus } from '#domain/payout/gateway.ts';
import {
  BANK_MEDIA_TYPE,
  encodeInquiry,
  encodeStatementRequest,
  encodeTransfer,
  readInquiryReply,
  readStatementPage,
  readTransferReply,
} from '#platform/bank-codec.ts';
import { daysBetween } from '#platform/gateway-fields.ts';
import { postSigned, type GatewayAnswer, type GatewayWire } from '#platform/gateway-post.ts';
import type { BankDeclaration } from '#platform/gateways.ts';

/** Refusals after which the bank has to say itself whether the reference exists. */
const FIELD_WRONG = '1001';
const REFERENCE_USED = '1002';
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const MAX_DAYS = 400;
const MAX_PAGES = 5_000;

/** A bank over the signed direct link of docs/gateways.md. */
export function createBankGateway(declaration: BankDeclaration, wire: GatewayWire): BankGateway {
  const { code } = declaration;

  const call = (apiName: string, body: string): Promise<GatewayAnswer> =>
    postSigned(
      {
        url: declaration.url,
        apiName,
        contentType: BANK_MEDIA_TYPE,
        body,
        accessKey: declaration.accessKey,
        secret: declaration.secret,
        timeoutMs: declaration.timeoutSeconds * 1_000,
        maxAnswerBytes: MAX_ANSWER_BYTES,
      },
      wire,
    );

  const inquire = async (order: TransferOrder): Promise<TransferStatus> => {
    const inquiryId = newRequestId('Q');
    const answer = await call('XFERINQTRNRQ', encodeInquiry({ inquiryId, reference: order.reference, payer: declaration, at: wire.now() }));
    return answer.ok ? readInquiryReply(answer.body, { inquiryId, order }) : { kind: 'unknown', cause: answer.cause };
  };

  const statementPage = async (day: string, page: number): Promise<{ lines: StatementLine[]; more: boolean }> => {
    const requestId = newRequestId('S');
    const answer = await call('SCUSTSTMTTRNRQ', encodeStatementRequest({ requestId, day, page, payer: declaration, at: wire.now() }));
    if (!answer.ok) throw new GatewayUnavailable(code, `statement ${answer.cause}`);
    const read = readStatementPage(answer.body, { requestId, account: declaration.payerAccount, day });
    if (!read.ok) throw new GatewayUnavailable(code, `statement answered nonsense: ${read.why}`);
    return read;
  };

  return {
    code,
    returnWindowSeconds: declaration.returnWindowSeconds,
    queryAfterSeconds: declaration.queryAfterSeconds,

    async transfer(order) {
      const answer = await call('XFERTRNRQ', encodeTransfer({ order, payer: declaration, at: wire.now() }));
      if (!answer.ok) return { kind: 'unknown', cause: answer.cause };
      const reply = readTransferReply(answer.body, order);
      if (reply.kind !== 'refused') return reply;
      const refused: TransferStatus = { kind: 'unknown', cause: `REFUSED_${reply.code}` };
      // Everything else that is refused lies with us or the bank, and heals under the same reference.
      if (reply.code !== FIELD_WRONG && reply.code !== REFERENCE_USED) return refused;
      // A refusal is about this sending. An earlier one may have been taken, so it counts as a failure only when the bank knows of none.
      const known = await inquire(order);
      if (known.kind !== 'not-found') return known;
      return reply.code === FIELD_WRONG ? { kind: 'failed', bankStatus: 'REFUSED', code: reply.code, text: reply.text } : refused;
    },

    inquire,

    async statement({ from, to }) {
      const days = daysBetween(from, to);
      if (days.length > MAX_DAYS) throw new RangeError(`a statement of more than ${MAX_DAYS} days`);
      const lines = new Map<string, StatementLine>();
      for (const day of days) {
        let more = true;
        // The bank answers page by page, each after the one before.
        for (let page = 1; more; page += 1) {
          if (page > MAX_PAGES) throw new GatewayUnavailable(code, 'the statement does not end');
          const read = await statementPage(day, page);
          // Entries that come in while we turn pages shift the rest: the same entry may come twice.
          for (const line of read.lines) {
            const before = lines.get(line.entryNo);
            if (before && JSON.stringify(before) !== JSON.stringify(line)) throw new GatewayUnavailable(code, 'two entries with one number');
            lines.set(line.entryNo, line);
          }
          more = read.more;
        }
      }
      return [...lines.values()];
    },
  };
}

/** 30 characters, never used before. */
const newRequestId = (kind: 'Q' | 'S'): string => `${kind}${randomUUID().replaceAll('-', '').slice(0, 29)}`;
