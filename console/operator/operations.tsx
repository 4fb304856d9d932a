import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ClaimWorkflow, Operated } from '#api/contract/operations.ts';
import { newKey, post } from '../client/api.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { Fault } from '../ui/states.tsx';
import { toast } from '../ui/toast.tsx';
import { t } from './words.ts';

type Kind = Operated['operation'] | 'HOLD' | 'RELEASE';
const DANGEROUS: readonly Kind[] = ['CANCEL', 'TERMINATE'];
const AT_BUREAU: readonly string[] = ['SENT_TO_BUREAU', 'IN_REVIEW', 'APPEAL_REVIEW'];

/** What makes sense of this claim now; the API says no to the rest. */
function offered({ workflow, temporal, onHold, state }: ClaimWorkflow): Kind[] {
  const running = workflow?.status === 'RUNNING';
  const waits = workflow?.pendingActivities.some(({ state: at, attempt }) => at === 'PAUSED' || (at === 'SCHEDULED' && attempt > 1)) ?? false;
  const offers: [Kind, boolean][] = [
    ['RETRY', waits],
    ['RECOVER', temporal !== 'UNAVAILABLE' && !running],
    ['POLL_BUREAU', AT_BUREAU.includes(state)],
    ['NUDGE', true],
    ['HOLD', !onHold],
    ['RELEASE', onHold],
    ['CANCEL', running],
    ['TERMINATE', running],
  ];
  return offers.flatMap(([kind, makesSense]) => (makesSense ? [kind] : []));
}

export function Operations({ claim, onDone }: { claim: ClaimWorkflow; onDone: () => void }) {
  const chosen = useSignal<Kind | null>(null);
  const [first, ...rest] = offered(claim);
  const close = (): void => {
    chosen.value = null;
  };
  return (
    <section aria-label={t('claim.actions')} class="actions">
      {[first, ...rest].map(
        (kind) =>
          kind && (
            <Button
              key={kind}
              kind={DANGEROUS.includes(kind) ? 'danger' : kind === first ? 'primary' : 'normal'}
              onClick={() => {
                chosen.value = kind;
              }}
            >
              {t(`operation.${kind}`)}
            </Button>
          ),
      )}
      {chosen.value !== null && <OperationDialog kind={chosen.value} number={claim.number} onClose={close} onDone={onDone} />}
    </section>
  );
}

/** Says what it will do, asks why, and to end a workflow has the claim's number typed. */
function OperationDialog({ kind, number, onClose, onDone }: { kind: Kind; number: string; onClose: () => void; onDone: () => void }) {
  const [reason, typed] = [useSignal(''), useSignal('')];
  const asked = useSignal(false);
  const failure = useSignal<unknown>(undefined);
  /** the same wish keeps its key, however often it is sent; another reason is another wish */
  const wish = useRef({ body: '', key: '' });
  const typing = kind === 'TERMINATE';
  const faults = {
    reason: reason.value.trim() === '' ? t('operation.reason.fault') : undefined,
    typed: typing && typed.value.trim() !== number ? t('operation.confirm.fault', { number }) : undefined,
  };

  async function carryOut(): Promise<void> {
    asked.value = true;
    failure.value = undefined;
    if (faults.reason !== undefined || faults.typed !== undefined) return;
    const { path, body } = requestOf(kind, number, reason.value.trim(), typed.value.trim());
    const text = JSON.stringify(body);
    if (wish.current.body !== text) wish.current = { body: text, key: newKey() };
    try {
      const done = await post<Partial<Operated>>(path, body, { key: wish.current.key });
      toast(done.outcome === 'RUNNING_ALREADY' ? t('operation.running') : t('operation.done', { operation: t(`operation.${kind}`) }));
      onDone();
      onClose();
    } catch (error) {
      failure.value = error;
    }
  }

  return (
    <Dialog title={t(`operation.${kind}`)} onClose={onClose}>
      <p>{t(`operation.${kind}.what`)}</p>
      <TextArea
        label={t('operation.reason')}
        hint={t('operation.reason.hint')}
        fault={asked.value ? faults.reason : undefined}
        value={reason.value}
        onValue={(value) => {
          reason.value = value;
        }}
        maxLength={500}
        required
      />
      {typing && (
        <TextField
          label={t('operation.confirm')}
          hint={number}
          fault={asked.value ? faults.typed : undefined}
          value={typed.value}
          onValue={(value) => {
            typed.value = value;
          }}
          maxLength={20}
          autoComplete="off"
          required
        />
      )}
      {failure.value !== undefined && <Fault failure={failure.value} />}
      <Button kind={DANGEROUS.includes(kind) ? 'danger' : 'primary'} wide onClick={carryOut}>
        {t(`operation.${kind}`)}
      </Button>
    </Dialog>
  );
}

function requestOf(kind: Kind, number: string, reason: string, typed: string): { path: string; body: Record<string, string> } {
  const claim = `/v1/claims/${encodeURIComponent(number)}`;
  if (kind === 'HOLD') return { path: `${claim}/hold`, body: { reason } };
  if (kind === 'RELEASE') return { path: `${claim}/release`, body: { comment: reason } };
  return { path: `${claim}/operations`, body: { operation: kind, reason, ...(kind === 'TERMINATE' && { confirm: typed }) } };
}
