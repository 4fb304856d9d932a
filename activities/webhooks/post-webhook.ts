import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { AddressNotAllowed, guardedLookup, literalAddress, type OutgoingPolicy } from '#platform/outgoing-address.ts';

/** `refused`: it may not be called at all. `reason` is for a table that operators read. */
export type WebhookAnswer = { kind: 'answered'; status: number } | { kind: 'unanswered'; reason: string } | { kind: 'refused'; reason: string };

/**
 * POSTs a webhook and reads the status of the answer and nothing more: its body could be without end. Redirects are not followed. Each call takes a
 * connection of its own, to an address that the policy allows.
 */
export function postWebhook(call: {
  url: string;
  headers: Record<string, string>;
  body: string;
  policy: OutgoingPolicy;
  timeoutMs: number;
}): Promise<WebhookAnswer> {
  const { headers, policy } = call;
  const url = URL.parse(call.url);
  if (url === null || !/^https?:$/.test(url.protocol)) return Promise.resolve({ kind: 'refused', reason: 'not an http(s) URL' });
  const literal = literalAddress(url);
  if (literal !== undefined && !policy.allows(literal)) return Promise.resolve(NOT_ALLOWED);

  const timeout = AbortSignal.timeout(call.timeoutMs);
  const body = Buffer.from(call.body);
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = send(url, {
      method: 'POST',
      agent: false,
      lookup: guardedLookup(policy),
      signal: timeout,
      headers: { ...headers, 'content-type': 'application/json', 'content-length': body.byteLength, 'user-agent': 'Daozhang' },
    });
    outgoing.once('response', (response) => {
      resolve({ kind: 'answered', status: response.statusCode ?? 0 });
      outgoing.destroy();
    });
    // Stays on: what is destroyed may complain once more.
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof AddressNotAllowed) resolve(NOT_ALLOWED);
      else resolve({ kind: 'unanswered', reason: timeout.aborted ? 'timed out' : (error.code ?? error.name) });
    });
    outgoing.end(body);
  });
}

const NOT_ALLOWED: WebhookAnswer = { kind: 'refused', reason: 'address not allowed' };
