import { networkInterfaces } from 'node:os';
import type { BureauGateway, BureauSubmission, CertificateState, SubmitResult, WithdrawResult } from '#domain/bureau/gateway.ts';
import { bureauMessageId } from '#domain/claim/number.ts';
import { GatewayUnavailable } from '#domain/errors.ts';
import { encodeCertificate, encodeClaim, readAcceptance, readCertificateState, readQueryResults, readSignIn, readWithdrawal } from '#platform/bureau-calls.ts';
import type { Read } from '#platform/bureau-codec.ts';
import { decodeResponse, encodeRequest, type GatewayReply } from '#platform/bureau-envelope.ts';
import { shanghaiTime } from '#platform/gateway-fields.ts';
import { postSigned, type GatewayWire } from '#platform/gateway-post.ts';
import type { BureauDeclaration, Institution } from '#platform/gateways.ts';

export const MAX_QUERIED_CLAIMS = 100;
/** the gateway no longer knows our `sign_no`: sign in and say it again */
const SIGN_IN_AGAIN = 'DZ-SIGN';
/** the bureau has never heard of the bill: an answer, unlike every other refusal of 5501 */
const NO_SUCH_CERTIFICATE = 'DZ-CERT';
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export type BureauGatewayOptions = GatewayWire & {
  /** told of each result of a query that could not be read; the others are answered all the same */
  onUnreadable?: (result: { bureauCode: string; why: string }) => void;
};

type Transaction = { infno: string; messageId: string; treatedRegion: string; insuredRegion: string; input: Record<string, unknown> };

/** A bureau over the signed JSON gateway of docs/gateways.md. Throws GatewayUnavailable as its port says; its message carries no personal data. */
export function createBureauGateway(declaration: BureauDeclaration, institution: Institution, options: BureauGatewayOptions): BureauGateway {
  const { code } = declaration;
  let sequence = Math.floor(Math.random() * 10_000);
  let signIn: Promise<string> | undefined;

  const newMessageId = (): string => {
    sequence = (sequence + 1) % 10_000;
    return bureauMessageId({ institution: institution.code, at: options.now(), sequence });
  };

  const exchange = async (transaction: Transaction, signNo: string): Promise<GatewayReply> => {
    const answer = await postSigned(
      {
        url: declaration.url,
        apiName: transaction.infno,
        contentType: 'application/json; charset=utf-8',
        body: encodeRequest({ ...transaction, institution, signNo, at: options.now() }),
        accessKey: declaration.accessKey,
        secret: declaration.secret,
        timeoutMs: declaration.timeoutSeconds * 1_000,
        maxAnswerBytes: MAX_ANSWER_BYTES,
      },
      options,
    );
    if (!answer.ok) throw new GatewayUnavailable(code, `${transaction.infno} ${answer.cause}`);
    const reply = decodeResponse(answer.body);
    if (reply.kind === 'unreadable') throw new GatewayUnavailable(code, `${transaction.infno} ${reply.why}`);
    return reply;
  };

  const signedIn = (): Promise<string> => {
    const attempt = (signIn ??= exchange(ownTransaction('9001', { signIn: { opter_no: 'daozhang', ...ownAddress() } }), '').then((reply) => {
      return outputOf('9001', reply, readSignIn);
    }));
    return attempt.catch((error: unknown) => {
      if (signIn === attempt) signIn = undefined;
      throw error;
    });
  };

  /** Signs in where that has not been done, or is no longer known, and repeats under the same message id. */
  const perform = async (transaction: Transaction): Promise<GatewayReply> => {
    const used = signedIn();
    const current = signIn;
    const reply = await exchange(transaction, await used);
    if (reply.kind !== 'refused' || reply.code !== SIGN_IN_AGAIN) return reply;
    // Calls side by side are refused together; one of them signs in.
    if (signIn === current) signIn = undefined;
    return exchange(transaction, await signedIn());
  };

  const ownTransaction = (infno: string, input: Record<string, unknown>): Transaction => ({
    infno,
    messageId: newMessageId(),
    treatedRegion: code,
    insuredRegion: code,
    input,
  });

  const outputOf = <T>(infno: string, reply: GatewayReply, read: (output: unknown) => Read<T>): T => {
    if (reply.kind === 'refused') throw new GatewayUnavailable(code, `${infno} refused ${reply.code ?? 'without a code'}`);
    const output = reply.kind === 'output' ? read(reply.output) : reply;
    if ('value' in output) return output.value;
    throw new GatewayUnavailable(code, `${infno} answered nonsense: ${output.why}`);
  };

  return {
    code,
    capabilities: declaration.capabilities,

    async submit(submission: BureauSubmission): Promise<SubmitResult> {
      const { messageId, treatedRegion, insuredRegion } = submission;
      const reply = await perform({ infno: 'DZ01', messageId, treatedRegion, insuredRegion, input: { claim: encodeClaim(submission) } });
      // A refusal without a code is the gateway's own trouble, not an answer about the claim.
      if (reply.kind === 'refused' && reply.code !== null && reply.code !== SIGN_IN_AGAIN) {
        return { kind: 'refused', code: reply.code, text: reply.text };
      }
      return { kind: 'accepted', ...outputOf('DZ01', reply, readAcceptance) };
    },

    async withdraw({ claimNumber }): Promise<WithdrawResult> {
      const reply = await perform(ownTransaction('DZ03', { corr_id: claimNumber, wdr_time: shanghaiTime(options.now()) }));
      return outputOf('DZ03', reply, readWithdrawal);
    },

    async invoiceState(certificate): Promise<CertificateState> {
      const reply = await perform(ownTransaction('5501', { data: encodeCertificate(certificate) }));
      if (reply.kind === 'refused' && reply.code === NO_SUCH_CERTIFICATE) return { known: false };
      return outputOf('5501', reply, readCertificateState);
    },

    async query({ claimNumbers }) {
      if (claimNumbers.length > MAX_QUERIED_CLAIMS) throw new RangeError(`at most ${MAX_QUERIED_CLAIMS} claims in one query`);
      if (claimNumbers.length === 0) return [];
      const reply = await perform(ownTransaction('DZ02', { corr_ids: claimNumbers }));
      const { answers, unreadable } = outputOf('DZ02', reply, readQueryResults);
      for (const { why } of unreadable) options.onUnreadable?.({ bureauCode: code, why });
      return answers.filter(({ answer }) => {
        const asked = claimNumbers.includes(answer.claimNumber);
        if (!asked) options.onUnreadable?.({ bureauCode: code, why: 'a claim that was not asked for' });
        return asked;
      });
    },
  };
}

/** What 9001 wants to know of the machine that signs in. */
function ownAddress(): { mac: string; ip: string } {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const own = addresses.find((one) => one.family === 'IPv4' && !one.internal) ?? addresses.find((one) => one.family === 'IPv4');
  return { mac: own?.mac ?? '00:00:00:00:00:00', ip: own?.address ?? '127.0.0.1' };
}
