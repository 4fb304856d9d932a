import type { BureauGateway } from '#domain/bureau/gateway.ts';
import type { BankGateway, TransferStatus } from '#domain/payout/gateway.ts';
import type { Database } from '#prisma/database.ts';
import { recordGatewayFailure, recordGatewaySuccess } from '#prisma/queries/gateway-health.ts';
import { callFailure } from './call-failure.ts';

/** One success in so long says what all of them would. */
const SAY_SUCCESS_EVERY_MS = 15_000;
/** What the bank gateway answers where the bank did not (platform/gateway-post.ts). */
const NOT_ANSWERED = /^(TIMEOUT|CONNECTION|TOO_LARGE|HTTP_\d+)$/;
/** We have given the call up ourselves. */
const CANCELLED = 'CANCELLED';

type Deps = { database: Pick<Database, 'query'>; now: () => Date };

/** The same bureau, of which is written down whether it answers. That it cannot be written down holds up no call. */
export function observedBureau(gateway: BureauGateway, deps: Deps): BureauGateway {
  const watch = watchOver(gateway.code, deps);
  return {
    ...{ code: gateway.code, capabilities: gateway.capabilities },
    submit: (submission) => watch(() => gateway.submit(submission)),
    withdraw: (input) => watch(() => gateway.withdraw(input)),
    query: (input) => watch(() => gateway.query(input)),
    invoiceState: (input) => watch(() => gateway.invoiceState(input)),
  };
}

/** The same bank, likewise. */
export function observedBank(gateway: BankGateway, deps: Deps): BankGateway {
  const watch = watchOver(gateway.code, deps);
  return {
    ...{ code: gateway.code, returnWindowSeconds: gateway.returnWindowSeconds, queryAfterSeconds: gateway.queryAfterSeconds },
    transfer: (order) => watch(() => gateway.transfer(order), causeOf),
    inquire: (order) => watch(() => gateway.inquire(order), causeOf),
    statement: (input) => watch(() => gateway.statement(input)),
  };
}

const causeOf = (status: TransferStatus): string | null => (status.kind === 'unknown' ? status.cause : null);

/** `causeIn`: why there was no answer, where that is told by a value and not by an exception. */
function watchOver(code: string, { database, now }: Deps) {
  let said = { at: 0, well: false };

  async function succeeded(): Promise<void> {
    const at = now();
    if (said.well && at.getTime() - said.at < SAY_SUCCESS_EVERY_MS) return;
    said = { at: at.getTime(), well: true };
    await recordGatewaySuccess(database, { code, at });
  }

  async function failed(failure: string): Promise<void> {
    said = { at: 0, well: false };
    await recordGatewayFailure(database, { code, at: now(), failure });
  }

  return async function watch<T>(call: () => Promise<T>, causeIn: (answer: T) => string | null = () => null): Promise<T> {
    try {
      const answer = await call();
      const cause = causeIn(answer);
      if (cause !== CANCELLED) await quietly(cause !== null && NOT_ANSWERED.test(cause) ? failed(cause) : succeeded());
      return answer;
    } catch (error) {
      const failure = callFailure(error);
      if (!failure.endsWith(CANCELLED)) await quietly(failed(failure));
      throw error;
    }
  };
}

const quietly = (recording: Promise<void>): Promise<void> => recording.catch(() => undefined);
