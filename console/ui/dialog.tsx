import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../i18n/words.ts';
import { Button } from './button.tsx';

/** A native dialog, shown as long as it is rendered: it keeps the focus inside, closes on Escape, and gives the focus back. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  const cancel = (event: Event): void => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={element} aria-labelledby={heading} onCancel={cancel}>
      <div class="card">
        <div class="row between">
          <h2 id={heading}>{title}</h2>
          <Button kind="plain" onClick={onClose}>
            {t('close')}
          </Button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
