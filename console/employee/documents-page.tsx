import { useSignal } from '@preact/signals';
import { DOCUMENT_KIND_CODES, type DocumentKind } from '#domain/claim/completeness.ts';
import { newKey, post } from '../client/api.ts';
import { ofClaim, useResource } from '../client/resource.ts';
import { navigate, type Params } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { Page } from '../ui/page.tsx';
import { Fault, Shown } from '../ui/states.tsx';
import { toast } from '../ui/toast.tsx';
import type { Claim, Progress } from './contract.ts';
import { FilePicker } from './file-picker.tsx';
import { t } from './words.ts';

type Stored = { documentId: string; kind: DocumentKind; name: string };

/** What is missing is added here; each file is with the claim as soon as it has arrived. */
export function DocumentsPage({ params: { number = '' } }: { params: Params }) {
  const progress = useResource<Progress>(`/v1/claims/${encodeURIComponent(number)}/progress`, ofClaim(number));
  const claim = useResource<Claim>(`/v1/claims/${encodeURIComponent(number)}`, ofClaim(number));
  const added = useSignal<readonly Stored[]>([]);
  const failure = useSignal<unknown>(undefined);

  async function attach(document: Stored): Promise<void> {
    failure.value = undefined;
    try {
      // the document's own id names the request: sent twice it is added once
      await post(
        `/v1/claims/${number}/documents`,
        { documents: [{ documentId: document.documentId, kind: document.kind }] },
        { key: `attach-${document.documentId}` },
      );
      added.value = [...added.value, document];
    } catch (error) {
      failure.value = error;
    }
  }

  async function finish(pended: boolean): Promise<void> {
    failure.value = undefined;
    try {
      if (pended) await post(`/v1/claims/${number}/materials-complete`, {}, { key: newKey() });
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
          const missing = DOCUMENT_KIND_CODES.filter((kind) => missingDocuments.some((one) => one.kind === kind));
          const kinds = missing.length > 0 ? missing : (['OTHER'] as const);
          // what was added in an earlier visit counts as well
          const there = new Set([...added.value, ...(claim.value?.documents ?? [])].map((one) => one.kind));
          const complete = there.size > 0 && missing.every((kind) => there.has(kind));
          const pended = state === 'PENDED_INFO';
          return (
            <div class="stack">
              <p>{t(missing.length > 0 ? 'documents.missing' : 'documents.more')}</p>
              {kinds.map((kind) => (
                <FilePicker
                  key={kind}
                  kind={kind}
                  needed={missing.includes(kind)}
                  present={added.value.filter((one) => one.kind === kind)}
                  onStored={(document) => void attach(document)}
                />
              ))}
              {failure.value !== undefined && <Fault failure={failure.value} />}
              <Button kind="primary" wide disabled={!complete} onClick={() => finish(pended)}>
                {t(pended ? 'action.materials-complete' : 'documents.done')}
              </Button>
            </div>
          );
        }}
      </Shown>
    </Page>
  );
}
