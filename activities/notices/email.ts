import { createTransport } from 'nodemailer';
import type { Dispatch, Messenger } from './messenger.ts';

/**
 * E-mail over one SMTP server. `smtpUrl`: `smtp://` or `smtps://` with account, host and port. `from`: a mailbox as in a From header.
 * `timeoutMs` bounds a whole message, waiting for a free connection included.
 */
export function createEmailMessenger(options: { smtpUrl: string; from: string; timeoutMs?: number; connections?: number }): Messenger {
  const { smtpUrl, from, timeoutMs = 30_000, connections = 4 } = options;
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: connections,
    // The relay repeats, and counts.
    maxRequeues: 0,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';

  return {
    channel: 'email',
    timeoutMs,
    addressOf: (person) => person.email,
    async send({ id, to, subject, text, html }) {
      try {
        await transport.sendMail({
          from,
          to,
          subject,
          text,
          html,
          messageId: `<${id}@${domain}>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal: AbortSignal.timeout(timeoutMs),
        });
        return { accepted: true };
      } catch (error) {
        return refusal(error);
      }
    },
    close: () => transport.close({ force: true }),
  };
}

/** Only what the server says to the recipient or the message is about them; a refused login, say, is about us and may be mended. */
const ABOUT_THE_MESSAGE = new Set(['EENVELOPE', 'EMESSAGE']);

function refusal(error: unknown): Dispatch {
  const { code, responseCode, response } = fieldsOf(error);
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  const answer = responseCode === undefined ? [] : [responseCode, enhanced];
  return {
    accepted: false,
    permanent: ABOUT_THE_MESSAGE.has(code) && (responseCode === undefined || responseCode >= 500),
    reason: ['smtp', code, ...answer].filter(Boolean).join(' '),
  };
}

function fieldsOf(error: unknown): { code: string; responseCode: number | undefined; response: string } {
  const read = (name: string): unknown => (error instanceof Error ? Reflect.get(error, name) : undefined);
  const [code, responseCode, response] = [read('code'), read('responseCode'), read('response')];
  return {
    code: typeof code === 'string' ? code : 'ERROR',
    responseCode: typeof responseCode === 'number' ? responseCode : undefined,
    response: typeof response === 'string' ? response : '',
  };
}
