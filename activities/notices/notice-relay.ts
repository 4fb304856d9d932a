import type { Logger } from 'pino';
import { localeOf } from '#domain/locale.ts';
import { pageFor } from '#domain/notices/page.ts';
import { renderNotice } from '#domain/notices/render.ts';
import type { Database } from '#prisma/database.ts';
import type { Outcome } from '#prisma/queries/delivery.ts';
import { leaseNotices, settleNotices, type Addressee, type DueNotice } from '#prisma/queries/notices.ts';
import { backOff, startRelay, type Relay } from '../relays/relay.ts';
import type { Dispatch, Messenger } from './messenger.ts';

type Final = 'FAILED' | 'UNDELIVERABLE';

/** A server may call "permanent" what an administrator mends within minutes. */
const PERMANENT_REFUSALS = 3;
const GIVE_UP_AFTER_MS = 5 * 24 * 3_600_000;
const CONCURRENCY = 4;

/**
 * Sends notices to the people they mean. A message to the holders of a role is sent once any of them has it: to repeat it for the others would
 * repeat it for all. `publicUrl`: where the pages are, without a slash at its end; absent: messages have no links.
 */
export function startNoticeRelay(deps: { database: Database; messengers: readonly Messenger[]; publicUrl?: string | undefined; log: Logger }): Relay {
  const { database, messengers, publicUrl, log } = deps;
  const longest = Math.max(1_000, ...messengers.map(({ timeoutMs }) => timeoutMs));
  return startRelay<DueNotice, Final>(
    {
      name: 'notice',
      channel: 'notice',
      batchSize: 32,
      concurrency: CONCURRENCY,
      deliveryMs: longest,
      leaseMs: 3 * longest,
      lease: (request) => leaseNotices(database, request),
      settle: (settlements) => settleNotices(database, settlements),
      retryDelayMs,
      deliver,
    },
    { database, log },
  );

  async function deliver(notice: DueNotice): Promise<Outcome<Final>> {
    const messenger = messengers.find(({ channel }) => channel === notice.channel);
    if (messenger === undefined) return giveUp('UNDELIVERABLE', notice, 'the channel is not connected');
    const reachable = notice.addressees.flatMap((person) => {
      const address = messenger.addressOf(person);
      return address === null ? [] : [{ person, address }];
    });
    if (reachable.length === 0) return giveUp('UNDELIVERABLE', notice, 'nobody to send it to has an address');
    const dispatches = await Promise.all(reachable.map((target) => messenger.send({ ...compose(notice, target.person), ...envelope(notice, target) })));
    return judge(notice, dispatches);
  }

  function compose({ template, params, claimNumber, recipient }: DueNotice, person: Addressee) {
    const link = claimNumber === null || publicUrl === undefined ? null : `${publicUrl}${pageFor({ recipient, claimNumber })}`;
    return renderNotice({ template, params, claimNumber, link, locale: localeOf(person.locale), recipientName: person.name });
  }

  function judge(notice: DueNotice, dispatches: Dispatch[]): Outcome<Final> {
    const refusals = dispatches.filter((dispatch) => !dispatch.accepted);
    const [first] = refusals;
    if (first === undefined) return { status: 'SENT' };
    const error = dispatches.length === 1 ? first.reason : `${first.reason} (${refusals.length} of ${dispatches.length} recipients)`;
    if (refusals.length < dispatches.length) return { status: 'SENT', error };
    if (refusals.every(({ permanent }) => permanent) && notice.attempts >= PERMANENT_REFUSALS) return giveUp('FAILED', notice, error);
    if (Date.now() - notice.createdAt.getTime() > GIVE_UP_AFTER_MS) return giveUp('FAILED', notice, error);
    return { status: 'PENDING', delayMs: retryDelayMs(notice.attempts), error };
  }

  function giveUp(status: Final, notice: DueNotice, error: string): Outcome<Final> {
    log.warn({ notice: notice.id, claim: notice.claimNumber, error }, 'a notice could not be delivered');
    return { status, error };
  }
}

function envelope(notice: DueNotice, { person, address }: { person: Addressee; address: string }) {
  const one = notice.recipient.kind === 'role' ? `.${person.id}` : '';
  return { id: `notice-${notice.id}${one}`, to: { name: person.name, address } };
}

const retryDelayMs = (attempts: number): number => backOff({ attempts, firstMs: 2_000, longestMs: 15 * 60_000 });
