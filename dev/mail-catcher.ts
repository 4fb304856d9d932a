import { appendFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

/** A mail as it arrived, without its attachments' content. Times are RFC 3339. */
export type CaughtMail = {
  receivedAt: string;
  from: string;
  to: string[];
  subject: string;
  messageId: string;
  headers: Record<string, string>;
  text: string;
  html: string;
  attachments: { filename: string; mimeType: string; bytes: number }[];
};

export type MailCatcher = {
  /** For SMTP_URL. */
  smtpUrl: string;
  /** `GET /mails` lists what was caught, the oldest first; `?to=` keeps one recipient's. */
  httpUrl: string;
  mails(): readonly CaughtMail[];
  stop(): Promise<void>;
};

const maxMailBytes = 30_000_000;

/** A mail server that keeps what it is given and sends nothing on: in memory, and a JSON line for each in `file`. */
export async function startMailCatcher(options: { smtpPort?: number; httpPort?: number; file?: string; clock?: () => Date } = {}): Promise<MailCatcher> {
  const { clock = () => new Date(), file } = options;
  const mails: CaughtMail[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: maxMailBytes,
    onData(stream, session, done) {
      const recipients = session.envelope.rcptTo.map(({ address }) => address);
      void stream
        .toArray()
        .then((chunks: Buffer[]) => readMail({ raw: Buffer.concat(chunks), recipients, receivedAt: clock() }))
        .then((mail) => {
          mails.push(mail);
          if (file !== undefined) appendFileSync(file, `${JSON.stringify(mail)}\n`);
          done();
        })
        .catch(done);
    },
  });
  // A sender that breaks off is the sender's business.
  smtp.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    smtp.server.once('error', reject);
    smtp.listen(options.smtpPort ?? 0, '127.0.0.1', resolve);
  });
  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const found = request.method === 'GET' && pathname === '/mails';
    const to = searchParams.get('to');
    const listed = mails.filter((mail) => to === null || mail.to.includes(to));
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(found ? listed : { error: 'GET /mails' }));
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.httpPort ?? 0, '127.0.0.1', resolve);
  });
  return {
    smtpUrl: `smtp://127.0.0.1:${portOf(smtp.server as Server)}`,
    httpUrl: `http://127.0.0.1:${portOf(http)}`,
    mails: () => mails,
    async stop() {
      http.closeAllConnections();
      await Promise.all([new Promise<void>((resolve) => smtp.close(resolve)), new Promise<void>((resolve) => http.close(() => resolve()))]);
    },
  };
}

async function readMail(options: { raw: Buffer; recipients: string[]; receivedAt: Date }): Promise<CaughtMail> {
  const parsed = await PostalMime.parse(options.raw);
  return {
    receivedAt: options.receivedAt.toISOString(),
    from: parsed.from?.address ?? '',
    to: options.recipients,
    subject: parsed.subject ?? '',
    messageId: parsed.messageId ?? '',
    headers: Object.fromEntries(parsed.headers.map(({ key, value }) => [key, value])),
    text: parsed.text ?? '',
    html: parsed.html ?? '',
    attachments: parsed.attachments.map(({ filename, mimeType, content }) => ({
      filename: filename ?? '',
      mimeType,
      bytes: typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength,
    })),
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
