import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { newKey } from '../client/api.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextArea } from '../ui/field.tsx';
import { Fault } from '../ui/states.tsx';
import { t } from './words.ts';

type Props = { title: string; children: ComponentChildren; onClose: () => void; carryOut: (reason: string, key: string) => Promise<void> };

/** Something that is done with a reason, once. */
export function ReasonDialog({ title, children, onClose, carryOut }: Props) {
  const reason = useSignal('');
  const asked = useSignal(false);
  const failure = useSignal<unknown>(undefined);
  const wish = useRef({ reason: '', key: newKey() });
  const missing = reason.value.trim() === '';
  async function press(): Promise<void> {
    asked.value = true;
    failure.value = undefined;
    if (missing) return;
    const why = reason.value.trim();
    if (wish.current.reason !== why) wish.current = { reason: why, key: newKey() };
    try {
      await carryOut(why, wish.current.key);
      onClose();
    } catch (error) {
      failure.value = error;
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <TextArea
        label={t('operation.reason')}
        hint={t('announcements.reason.hint')}
        fault={asked.value && missing ? t('operation.reason.fault') : undefined}
        value={reason.value}
        onValue={(value) => {
          reason.value = value;
        }}
        maxLength={500}
        required
      />
      {failure.value !== undefined && <Fault failure={failure.value} />}
      <Button kind="primary" wide onClick={press}>
        {title}
      </Button>
    </Dialog>
  );
}
