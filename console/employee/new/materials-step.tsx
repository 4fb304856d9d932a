import { isSameCity } from '#domain/bureau/region.ts';
import { requiredDocuments, type DocumentKind } from '#domain/claim/completeness.ts';
import { Button } from '../../ui/button.tsx';
import { FilePicker, sending } from '../file-picker.tsx';
import { t } from '../words.ts';
import { change, draft as current, removeDocument, type Draft } from './draft.ts';
import { goTo } from './new-page.tsx';

type MaterialsStepProps = { draft: Draft; insuredRegion: string; onFile: { identity: boolean; account: boolean } };

export function MaterialsStep({ draft, insuredRegion, onFile }: MaterialsStepProps) {
  const { kind, treatedRegion, circumstances, documents } = draft;
  if (!kind) return null;
  const required = requiredDocuments({ kind, crossRegion: !isSameCity(treatedRegion, insuredRegion), circumstances, onFile });
  const shown: DocumentKind[] = [...required, 'OTHER'];
  const missing = required.filter((one) => !documents.some((document) => document.kind === one));
  return (
    <div class="stack">
      <p class="muted">{t('new.materials.text')}</p>
      {shown.map((one) => (
        <FilePicker
          key={one}
          kind={one}
          present={documents.filter((document) => document.kind === one)}
          needed={required.includes(one)}
          onStored={(document) => change({ documents: [...(current.value?.documents ?? []), document] })}
          onRemove={removeDocument}
        />
      ))}
      <div class="stack-small">
        {missing.length > 0 && <p class="small muted">{t(documents.length === 0 ? 'new.materials.first' : 'new.materials.later', { n: missing.length })}</p>}
        <Button kind="primary" wide disabled={documents.length === 0 || sending.value > 0} onClick={() => goTo('check')}>
          {t(sending.value > 0 ? 'new.sending' : 'new.next')}
        </Button>
      </div>
    </div>
  );
}
