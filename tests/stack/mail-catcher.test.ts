import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { expect, test } from 'vitest';
import { startMailCatcher } from '#dev/mail-catcher.ts';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';

test('a mail is kept, listed, and written as one JSON line', async () => {
  const dataDir = temporaryDataDir();
  const file = join(dataDir, 'mails.jsonl');
  const catcher = await startMailCatcher({ file, clock: () => new Date('2026-11-22T08:00:00Z') });
  try {
    const transport = createTransport(catcher.smtpUrl);
    const mail = { from: '到账 <claims@example.com>', subject: '已到账 · Paid', text: '¥328.50', html: '<p>¥328.50</p>' };
    await transport.sendMail({ ...mail, to: ['wang@example.com', 'li@example.com'], attachments: [{ filename: '凭证.pdf', content: '%PDF' }] });
    await transport.sendMail({ ...mail, to: 'li@example.com', subject: 'second' });

    const caught = {
      receivedAt: '2026-11-22T08:00:00.000Z',
      from: 'claims@example.com',
      to: ['wang@example.com', 'li@example.com'],
      subject: '已到账 · Paid',
      attachments: [{ filename: '凭证.pdf', mimeType: 'application/pdf', bytes: 4 }],
    };
    expect(catcher.mails()[0]).toMatchObject(caught);
    expect(catcher.mails()[0]?.text.trim()).toBe('¥328.50');
    const listed = (await (await fetch(`${catcher.httpUrl}/mails`)).json()) as unknown[];
    expect(listed).toHaveLength(2);
    expect(listed[0]).toMatchObject(caught);
    expect(await (await fetch(`${catcher.httpUrl}/mails?to=wang@example.com`)).json()).toHaveLength(1);
    expect((await fetch(`${catcher.httpUrl}/other`)).status).toBe(404);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { subject: string }).subject)).toEqual(['已到账 · Paid', 'second']);
  } finally {
    await catcher.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
