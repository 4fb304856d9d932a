import { useSignal } from '@preact/signals';
import { DOCUMENT_KINDS } from '#domain/claim/completeness.ts';
import { ofClaim, useResource } from '../client/resource.ts';
import { say } from '../i18n/language.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Fact } from '../ui/fact.tsx';
import { Money } from '../ui/money.tsx';
import { Shown } from '../ui/states.tsx';
import { Time } from '../ui/time.tsx';
import type { Claim, Findings, Messages } from './contract.ts';
import { t } from './words.ts';

/** What was claimed, as it was submitted. */
export function Content({ claim }: { claim: Claim }) {
  const { hospital, visit, lines, invoices, state } = claim;
  return (
    <details class="card" open={state === 'DRAFT'}>
      <summary>{t('claim.content')}</summary>
      <dl class="facts">
        {hospital && <Fact label={t('check.hospital')}>{hospital.name}</Fact>}
        {visit && <Fact label={t('check.visit')}>{visit.start === visit.end ? visit.start : `${visit.start} – ${visit.end}`}</Fact>}
        {invoices.map(({ number, amount }) => (
          <Fact key={number} label={`${t('check.invoice', { n: '' })} ${number}`}>
            <Money yuan={amount} />
          </Fact>
        ))}
        {lines.map(({ lineNo, itemName, amount }) => (
          <Fact key={lineNo} label={`${lineNo}. ${itemName}`}>
            <Money yuan={amount} />
          </Fact>
        ))}
      </dl>
    </details>
  );
}

/** `listed`: the documents that are missing stand on the page already. */
export function FindingList({ findings, listed }: { findings: Findings; listed: boolean }) {
  const open = findings.items.filter(({ overruled, code }) => overruled === null && !(listed && code === 'DOC_REQUIRED'));
  if (open.length === 0) return null;
  return (
    <section class="card" aria-labelledby="findings">
      <h2 id="findings">{t('claim.findings')}</h2>
      <ul class="stack-small">
        {open.map(({ code, text, next, blocking, lineNo, claimed, found }) => (
          <li key={`${code}${lineNo ?? ''}${claimed ?? ''}`} class={blocking ? 'notice warn' : 'notice'}>
            <p class="strong">
              {lineNo !== null && `${lineNo}. `}
              {say(text)}
            </p>
            {claimed !== null && found !== null && <p class="small">{t('findings.compared', { claimed, found })}</p>}
            <p class="small">{say(next)}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What was handed in, each to be looked at as a picture. */
export function Documents({ claim }: { claim: Claim }) {
  const shown = useSignal<Claim['documents'][number] | undefined>(undefined);
  if (claim.documents.length === 0) return null;
  return (
    <section class="card" aria-labelledby="documents">
      <h2 id="documents">{t('claim.documents')}</h2>
      <ul class="stack-small">
        {claim.documents.map((document) => (
          <li key={document.documentId} class="row between">
            <span class="grow">
              {say(DOCUMENT_KINDS[document.kind])}
              <span class="muted small"> {document.fileName}</span>
            </span>
            {document.mediaType !== 'application/xml' && (
              <Button
                kind="plain"
                aria-label={t('documents.look-at', { kind: say(DOCUMENT_KINDS[document.kind]) })}
                onClick={() => void (shown.value = document)}
              >
                {t('documents.look')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {shown.value && (
        <Dialog title={say(DOCUMENT_KINDS[shown.value.kind])} onClose={() => void (shown.value = undefined)}>
          <Preview id={shown.value.documentId} name={say(DOCUMENT_KINDS[shown.value.kind])} />
        </Dialog>
      )}
    </section>
  );
}

function Preview({ id, name }: { id: string; name: string }) {
  const failed = useSignal(false);
  if (failed.value) return <p>{t('documents.no-preview')}</p>;
  return (
    <img
      class="preview"
      src={`/v1/documents/${id}/preview?page=1`}
      alt={t('documents.picture-of', { kind: name })}
      onError={() => void (failed.value = true)}
    />
  );
}

export function MessageList({ number }: { number: string }) {
  const messages = useResource<Messages>(`/v1/claims/${encodeURIComponent(number)}/messages`, ofClaim(number));
  const mine = messages.value?.items.filter(({ recipient }) => recipient.kind === 'claimant') ?? [];
  return (
    <details class="card">
      <summary>{t('claim.messages', { n: mine.length })}</summary>
      <Shown of={messages}>
        {() =>
          mine.length === 0 ? (
            <p class="muted">{t('messages.none')}</p>
          ) : (
            <ul class="stack-small">
              {mine.map(({ seq, title, template, channel, status, sentAt, createdAt }) => (
                <li key={`${seq}${template}${channel}`} class="row between">
                  <span class="grow">{say(title)}</span>
                  <span class="muted small">
                    <Time at={sentAt ?? createdAt} /> {status === 'FAILED' || status === 'UNDELIVERABLE' ? t('messages.failed') : ''}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </details>
  );
}
