import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Attached } from '#api/contract/claims.ts';
import { DOCUMENT_KIND_CODES, DOCUMENT_KINDS } from '#domain/claim/completeness.ts';
import { get } from '../client/api.ts';
import { say } from '../i18n/language.ts';
import { t as shared } from '../i18n/words.ts';
import { Button } from '../ui/button.tsx';
import { WhatWasRead } from './reading.tsx';
import { t } from './words.ts';

/** The documents of a claim, invoices first, one open at a time and the first at once: what somebody decides by stands beside the decision. */
export function Documents({ documents: given }: { documents: readonly Attached[] }) {
  const documents = [...given].sort((a, b) => DOCUMENT_KIND_CODES.indexOf(a.kind) - DOCUMENT_KIND_CODES.indexOf(b.kind));
  const open = useSignal(documents[0]?.documentId);
  if (documents.length === 0) return <p class="muted">{t('documents.none')}</p>;
  const shown = documents.find(({ documentId }) => documentId === open.value) ?? documents[0];
  return (
    <div class="stack-small">
      <div class="actions" role="group" aria-label={t('documents.title')}>
        {documents.map(({ documentId, kind }) => (
          <button key={documentId} type="button" class="button" aria-pressed={documentId === shown?.documentId} onClick={() => void (open.value = documentId)}>
            {say(DOCUMENT_KINDS[kind])}
          </button>
        ))}
      </div>
      {shown && <Preview key={shown.documentId} document={shown} />}
    </div>
  );
}

function Preview({ document }: { document: Attached }) {
  const { documentId, kind, fileName, mediaType } = document;
  const page = useSignal(1);
  const pages = useSignal<number | null>(null);
  const broken = useSignal(false);
  const address = `/v1/documents/${documentId}`;
  useEffect(() => {
    const gone = new AbortController();
    get<{ pages: number | null }>(address, { signal: gone.signal }).then(
      (found) => {
        pages.value = found.pages;
      },
      // how many pages there are is then not said
      () => undefined,
    );
    return () => gone.abort();
  }, [documentId]);
  const what = say(DOCUMENT_KINDS[kind]);
  // of these there is no picture, and what a machine reads of them is not what they look like
  if (mediaType === 'application/xml' || mediaType === 'application/ofd') return <WhatWasRead documentId={documentId} fileName={fileName} />;
  if (broken.value) {
    return (
      <div class="card row between">
        <span class="muted">
          {fileName} · {t('documents.not-shown')}
        </span>
        <Button onClick={() => void (broken.value = false)}>{shared('reload')}</Button>
      </div>
    );
  }
  return (
    <figure class="preview">
      <img src={`${address}/preview?page=${page.value}`} alt={t('documents.alt', { what, n: page.value })} onError={() => void (broken.value = true)} />
      <figcaption class="row between">
        <span class="muted small">{fileName}</span>
        {pages.value !== null && pages.value > 1 && (
          <span class="row">
            <Button disabled={page.value === 1} onClick={() => void (page.value -= 1)}>
              {t('documents.previous')}
            </Button>
            <span class="small numbers">{t('documents.page', { n: page.value, of: pages.value })}</span>
            <Button disabled={page.value === pages.value} onClick={() => void (page.value += 1)}>
              {t('documents.next')}
            </Button>
          </span>
        )}
      </figcaption>
    </figure>
  );
}
