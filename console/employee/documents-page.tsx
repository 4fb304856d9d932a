import { useSignal } from '@preact/signals';
import { DOCUMENT_KIND_CODES, type DocumentKind } from '#domain/claim/completeness.ts';
import { newKey, post } from '../client/api.ts';
import { ofClaim, useResource } from '../client/resource.ts';
import { say } from '../i18n/language.ts';
import { navigate, type Params } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { Page } from '../ui/page.tsx';
import { Fault, Shown } from '../ui/states.tsx';
import { toast } from '../ui/toast.tsx';
import type { Claim, Findings, Progress } from './contract.ts';
import { FilePicker, sending } from './file-picker.tsx';
import { t } from './words.ts';

type Stored = { documentId: string; kind: DocumentKind; name: string };
type Wrong = Findings['items'][number] & { document: DocumentKind; documentId: string };

/** A document that the review found to be another one than is needed: it is replaced, not joined by a second. */
const isWrong = (one: Findings['items'][number]): one is Wrong =>
  one.blocking && one.mendedBy === 'employee' && one.overruled === null && one.document !== null && one.documentId !== null;

/** What is missing or wrong is handed in here; each file is with the claim as soon as it has arrived. */
export function DocumentsPage({ params: { number = '' } }: { params: Params }) {
  const path = `/v1/claims/${encodeURIComponent(number)}`;
  const progress = useResource<Progress>(`${path}/progress`, ofClaim(number));
  const claim = useResource<Claim>(path, ofClaim(number));
  const findings = useResource<Findings>(`${path}/findings`, ofClaim(number));
  const failure = useSignal<unknown>(undefined);

  async function attach({ documentId, kind }: Stored, wrong: Wrong | undefined): Promise<void> {
    failure.value = undefined;
    try {
      const document = { documentId, kind, ...(wrong && { replaces: wrong.documentId }) };
      // the document's own id names the request: sent twice it is added once
      await post(`${path}/documents`, { documents: [document] }, { key: `attach-${documentId}` });
      claim.reload();
    } catch (error) {
      failure.value = error;
    }
  }

  async function finish(pended: boolean): Promise<void> {
    failure.value = undefined;
    try {
      if (pended) await post(`${path}/materials-complete`, {}, { key: newKey() });
      toast(t('done.materials-complete'));
      navigate(`/app/claims/${number}`);
    } catch (error) {
      failure.value = error;
    }
  }

  return (
    <Page title={t('documents.title')} back={`/app/claims/${number}`}>
      <Shown of={progress}>
        {({ missingDocuments, state }) => {
          const pended = state === 'PENDED_INFO';
          // what came in an earlier visit to this page counts as well
          const counting = claim.value?.documents.filter(({ replacedBy }) => replacedBy === null) ?? [];
          const there = counting.map(({ documentId, kind, fileName }) => ({ documentId, kind, name: fileName ?? '' }));
          const told = pended ? (findings.value?.items.filter(isWrong) ?? []) : [];
          const wrong = told.filter((one) => there.some(({ documentId }) => documentId === one.documentId));
          const missing = DOCUMENT_KIND_CODES.filter((kind) => missingDocuments.some((one) => one.kind === kind));
          const asked = DOCUMENT_KIND_CODES.filter((kind) => missing.includes(kind) || told.some(({ document }) => document === kind));
          const complete = wrong.length === 0 && missing.every((kind) => there.some((one) => one.kind === kind)) && there.length > 0;
          return (
            <div class="stack">
              <p>{t(asked.length > 0 ? 'documents.missing' : 'documents.more')}</p>
              {(asked.length > 0 ? asked : (['OTHER'] as const)).map((kind) => {
                const instead = wrong.find(({ document }) => document === kind);
                return (
                  <FilePicker
                    key={kind}
                    kind={kind}
                    needed={asked.includes(kind)}
                    wrong={instead && say(instead.text)}
                    present={there.filter((one) => one.kind === kind && !wrong.some(({ documentId }) => documentId === one.documentId))}
                    onStored={(document) => attach(document, instead)}
                  />
                );
              })}
              {failure.value !== undefined && <Fault failure={failure.value} />}
              <Button kind="primary" wide disabled={!complete || sending.value > 0} onClick={() => finish(pended)}>
                {t(pended ? 'action.materials-complete' : 'documents.done')}
              </Button>
            </div>
          );
        }}
      </Shown>
    </Page>
  );
}
