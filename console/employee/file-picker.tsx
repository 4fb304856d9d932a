import { signal, useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { DOCUMENT_KINDS, type DocumentKind } from '#domain/claim/completeness.ts';
import { ApiFailure } from '../client/api.ts';
import { reducePhoto } from '../client/photo.ts';
import { upload, type Upload } from '../client/upload.ts';
import { say } from '../i18n/language.ts';
import { Button } from '../ui/button.tsx';
import { wordsOf } from '../ui/states.tsx';
import { SampleDialog } from './sample.tsx';
import { t } from './words.ts';

const ACCEPTED = 'image/*,application/pdf,.pdf,.ofd,.xml,.heic';
/** The file itself is not taken: sending it again changes nothing. */
const isRefused = (failure: unknown): boolean => failure instanceof ApiFailure && [413, 415, 422].includes(failure.status);
/** How many files are on their way: who leaves the page leaves them behind. */
export const sending = signal(0);

type Running = { name: string; share: number; upload: Upload | undefined; failure: unknown; file: File };

/**
 * One kind of document: what it is for, a sample, what is there, and a place to photograph or choose more. Files are sent as soon as they are chosen, one after
 * the other, and go on by themselves when the line comes back.
 */
export function FilePicker({ kind, present, needed, wrong, onStored, onRemove }: FilePickerProps) {
  const running = useSignal<readonly Running[]>([]);
  const sample = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => () => running.value.forEach((one) => one.upload?.stop()), []);
  const busy = running.value.some(({ failure }) => failure === undefined);
  useEffect(() => {
    // a browser cannot go on with a file that it was not given again
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    if (busy) addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [busy]);

  const update = (file: File, patch: Partial<Running>): void => {
    running.value = running.value.map((one) => (one.file === file ? { ...one, ...patch } : one));
  };
  const remove = (file: File): void => {
    running.value = running.value.filter((one) => one.file !== file);
  };

  async function send(file: File): Promise<void> {
    update(file, { failure: undefined, share: 0 });
    sending.value += 1;
    try {
      const started = upload(await reducePhoto(file), (share) => update(file, { share }));
      update(file, { upload: started });
      const documentId = await started.done;
      await onStored({ documentId, kind, name: file.name });
      remove(file);
    } catch (failure) {
      if (failure instanceof DOMException && failure.name === 'AbortError') remove(file);
      else update(file, { failure });
    } finally {
      sending.value -= 1;
    }
  }

  async function take(files: readonly File[]): Promise<void> {
    running.value = [...running.value, ...files.map((file) => ({ name: file.name, share: 0, upload: undefined, failure: undefined, file }))];
    for (const file of files) await send(file);
  }

  return (
    <section class="card stack-small picker" aria-labelledby={`${id}-name`}>
      <div class="row between">
        <h2 class="grow" id={`${id}-name`}>
          {say(DOCUMENT_KINDS[kind])}{' '}
          {present.length > 0 ? <span class="tag good">✓ {present.length}</span> : needed && <span class="tag warn">{t('picker.needed')}</span>}
        </h2>
        <Button kind="plain" onClick={() => void (sample.value = true)} aria-label={t('picker.sample-of', { kind: say(DOCUMENT_KINDS[kind]) })}>
          {t('picker.sample')}
        </Button>
      </div>
      {wrong !== undefined && <p class="notice warn small">{t('picker.wrong', { why: wrong })}</p>}
      {present.map(({ documentId, name }) => (
        <div class="row between" key={documentId}>
          <span class="grow">📄 {name}</span>
          {onRemove && (
            <Button kind="plain" onClick={() => onRemove(documentId)} aria-label={t('picker.remove-file', { name })}>
              {t('picker.remove')}
            </Button>
          )}
        </div>
      ))}
      {running.value.map(({ name, share, upload: started, failure, file }, index) => (
        <div key={`${index}${name}`} class="stack-small">
          <div class="row between">
            <span class="grow">{name}</span>
            <Button kind="plain" onClick={() => (failure === undefined ? started?.stop() : remove(file))}>
              {t(failure === undefined ? 'picker.stop' : 'picker.remove')}
            </Button>
          </div>
          {failure === undefined ? (
            <progress class="wide" max={1} value={share} aria-label={t('picker.sending', { name })} />
          ) : (
            <div class="notice bad" role="alert">
              <p>{wordsOf(failure)}</p>
              {failure instanceof ApiFailure && failure.status === 415 && <p class="small">{t('picker.accepted')}</p>}
              {!isRefused(failure) && <Button onClick={() => void send(file)}>{t('picker.again')}</Button>}
            </div>
          )}
        </div>
      ))}
      <input
        ref={input}
        class="unseen"
        tabIndex={-1}
        aria-hidden="true"
        type="file"
        accept={ACCEPTED}
        multiple
        data-kind={kind}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          void take(files);
        }}
      />
      <Button wide onClick={() => input.current?.click()} aria-label={t('picker.add-to', { kind: say(DOCUMENT_KINDS[kind]) })}>
        {t(present.length > 0 ? 'picker.more' : 'picker.add')}
      </Button>
      {sample.value && <SampleDialog kind={kind} onClose={() => void (sample.value = false)} />}
    </section>
  );
}

type Stored = { documentId: string; kind: DocumentKind; name: string };
type FilePickerProps = {
  kind: DocumentKind;
  present: readonly Stored[];
  needed: boolean;
  /** why the one that is there is to be replaced */
  wrong?: string | undefined;
  onStored: (document: Stored) => void | Promise<void>;
  onRemove?: (documentId: string) => void;
};
