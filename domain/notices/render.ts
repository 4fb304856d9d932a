import type { Locale } from '../locale.ts';
import type { NoticeParams, NoticeTemplate } from './notice.ts';
import { TEMPLATES } from './templates.ts';
import type { Block } from './words.ts';

export type Message = { subject: string; text: string; html: string };

const FRAME = {
  zh: {
    dear: (name: string) => `${name}，您好：`,
    claim: (no: string) => `申请编号：${no}`,
    open: '查看申请',
    footer: '此邮件由“到账”系统自动发送，请勿回复。',
  },
  en: {
    dear: (name: string) => `Dear ${name},`,
    claim: (no: string) => `Claim: ${no}`,
    open: 'See the claim',
    footer: 'This message was sent by Daozhang; nobody reads replies to it.',
  },
} as const;

/**
 * A message as plain text and as simple HTML. `link` is the claim's page, where there is one; it has to be an http(s) address.
 */
export function renderNotice(input: {
  template: NoticeTemplate;
  params: NoticeParams;
  locale: Locale;
  /** null where the message is about no claim */
  claimNumber: string | null;
  recipientName: string;
  link?: string | null;
}): Message {
  const { locale, claimNumber } = input;
  const frame = FRAME[locale];
  const { subject, body } = TEMPLATES[input.template][locale](input.params);
  const link = input.link && /^https?:\/\//.test(input.link) ? input.link : null;
  const blocks: Block[] = [
    frame.dear(input.recipientName),
    ...body.flatMap((block) => (block ? [block] : [])),
    ...(claimNumber === null ? [] : [frame.claim(claimNumber)]),
  ];
  return {
    subject: claimNumber === null ? subject : `${subject} · ${claimNumber}`,
    text: [...blocks.map(textOf), ...(link ? [`${frame.open}${locale === 'zh' ? '：' : ': '}${link}`] : []), frame.footer].join('\n\n'),
    html: [
      `<!doctype html><html lang="${locale}"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head><body>`,
      ...blocks.map(htmlOf),
      ...(link ? [`<p><a href="${escapeHtml(link)}">${frame.open}</a></p>`] : []),
      `<p><small>${frame.footer}</small></p></body></html>`,
    ].join('\n'),
  };
}

/** What a message is about, without anything that is filled in; the name of a template that is no more. */
export function titleOf(template: string): Record<Locale, string> {
  const words = Object.hasOwn(TEMPLATES, template) ? TEMPLATES[template as NoticeTemplate] : undefined;
  return { zh: words?.zh({}).subject ?? template, en: words?.en({}).subject ?? template };
}

function textOf(block: Block): string {
  return typeof block === 'string' ? block : block.map((item) => `- ${item}`).join('\n');
}

function htmlOf(block: Block): string {
  return typeof block === 'string' ? `<p>${escapeHtml(block)}</p>` : `<ul>${block.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
