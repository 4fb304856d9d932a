import { useSignal } from '@preact/signals';
import { newKey, post } from '../client/api.ts';
import { say } from '../i18n/language.ts';
import { Link, navigate } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextArea } from '../ui/field.tsx';
import { Fault } from '../ui/states.tsx';
import { DaysLeft } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import type { Claim, Progress } from './contract.ts';
import { again } from './new/again.ts';
import { t } from './words.ts';

const ACTIONS = ['confirm', 'give-consent', 'mend-account', 'add-documents', 'materials-complete', 'appeal', 'resubmit', 'ask-for-person', 'withdraw'] as const;
type Action = (typeof ACTIONS)[number];
/** What only goes on with a claim that is going on anyway is no call to do something. */
const CALLS: readonly Action[] = ['confirm', 'give-consent', 'mend-account', 'appeal', 'resubmit'];

const PATHS = { confirm: 'confirm', withdraw: 'withdraw', 'materials-complete': 'materials-complete', 'ask-for-person': 'review-request' } as const;

/** What to do next as one button; whatever else is possible stands folded below it. */
export function NextStep({ number, progress, claim, onDone }: { number: string; progress: Progress; claim: Claim | undefined; onDone: () => void }) {
  const failure = useSignal<unknown>(undefined);
  const asking = useSignal<'withdraw' | 'ask-for-person' | undefined>(undefined);
  const key = useSignal(newKey());
  const possible = ACTIONS.filter((action) => progress.nextStep.actions.some((one) => one.action === action));
  // what was handed in since is not asked for a second time
  const lacking = progress.missingDocuments.filter(({ kind }) => !claim?.documents.some((one) => one.kind === kind && one.replacedBy === null));
  const missing = lacking.length > 0;
  const handedIn = !missing && progress.missingDocuments.length > 0;
  const calls = progress.state === 'PENDED_INFO' ? [...CALLS, 'add-documents', 'materials-complete'] : CALLS;
  const main =
    (handedIn ? possible.find((action) => action === 'materials-complete') : undefined) ??
    possible.find((action) => calls.includes(action) && action !== 'appeal') ??
    possible.find((action) => calls.includes(action));
  // denied: to appeal and to submit again are two ways, of which nobody is to overlook one
  const second = possible.find((action) => action === 'appeal' && action !== main);
  const others = possible.filter((action) => action !== main && action !== second);

  /** One decision of the reader is one key, however often it is sent. */
  async function send(action: keyof typeof PATHS, body: Record<string, string> = {}): Promise<void> {
    failure.value = undefined;
    try {
      await post(`/v1/claims/${number}/${PATHS[action]}`, body, { key: key.value });
      key.value = newKey();
      asking.value = undefined;
      toast(t(`done.${action}`));
      onDone();
    } catch (error) {
      // the same key again: whether it was done or not, it is done once
      failure.value = error;
    }
  }

  const button = (action: Action, first: boolean) => {
    const look = { class: first ? 'button primary wide' : action === second ? 'button wide' : 'button' };
    const kind = first ? ({ kind: 'primary', wide: true } as const) : {};
    switch (action) {
      case 'give-consent':
        return <Link {...look} href={`/app/consent?then=${number}`} children={t('action.give-consent')} />;
      case 'mend-account':
        return <Link {...look} href={`/app/account?then=${number}`} children={t('action.mend-account')} />;
      case 'add-documents':
        return <Link {...look} href={`/app/claims/${number}/documents`} children={t(missing ? 'action.add-missing' : 'action.add-documents')} />;
      case 'appeal':
        return <Link {...look} href={`/app/claims/${number}/appeal`} children={t('action.appeal')} />;
      case 'resubmit':
        return (
          <Button {...kind} disabled={!claim} onClick={() => (claim ? again(claim).then(() => navigate('/app/new?step=materials')) : undefined)}>
            {t('action.resubmit')}
          </Button>
        );
      case 'withdraw':
      case 'ask-for-person':
        return (
          <Button
            {...kind}
            onClick={() => {
              failure.value = undefined;
              asking.value = action;
            }}
          >
            {t(`action.${action}`)}
          </Button>
        );
      default:
        return (
          <Button {...kind} onClick={() => send(action)}>
            {t(`action.${action}`)}
          </Button>
        );
    }
  };

  return (
    <section class="stack-small" aria-label={t('next.title')}>
      <p>{say(progress.nextStep.text)}</p>
      {missing && (
        <ul class="notice warn">
          {lacking.map(({ kind, label }) => (
            <li key={kind}>• {say(label)}</li>
          ))}
        </ul>
      )}
      {progress.appealableUntil !== null && (
        <p>
          {t('next.appeal-until')} <DaysLeft at={progress.appealableUntil} />
        </p>
      )}
      {failure.value !== undefined && asking.value === undefined && <Fault failure={failure.value} />}
      {main && button(main, true)}
      {second && button(second, false)}
      {others.length > 0 && (
        <details>
          <summary>{t('next.others')}</summary>
          <div class="actions">
            {others.map((action) => (
              <span key={action}>{button(action, false)}</span>
            ))}
          </div>
        </details>
      )}
      {asking.value === 'ask-for-person' && (
        <Dialog title={t('action.ask-for-person')} onClose={() => void (asking.value = undefined)}>
          <AskForPerson
            failure={failure.value}
            onReason={() => {
              // other words are another request
              key.value = newKey();
            }}
            onSend={(reason) => send('ask-for-person', { reason })}
          />
        </Dialog>
      )}
      {asking.value === 'withdraw' && (
        <Dialog title={t('withdraw.title')} onClose={() => void (asking.value = undefined)}>
          <p>{t('withdraw.text')}</p>
          {failure.value !== undefined && <Fault failure={failure.value} />}
          <Button kind="danger" wide onClick={() => send('withdraw')}>
            {t('withdraw.do')}
          </Button>
        </Dialog>
      )}
    </section>
  );
}

/** Where the review by machine is wrong about a document or a field, a person looks: for a reason. */
function AskForPerson({ failure, onReason, onSend }: { failure: unknown; onReason: () => void; onSend: (reason: string) => Promise<void> }) {
  const reason = useSignal('');
  const empty = useSignal(false);
  const send = async (): Promise<void> => {
    empty.value = reason.value.trim() === '';
    if (!empty.value) await onSend(reason.value.trim());
  };
  return (
    <div class="stack">
      <p>{t('ask.text')}</p>
      <TextArea
        label={t('ask.reason')}
        maxLength={1_000}
        value={reason.value}
        fault={empty.value ? t('fault.missing') : undefined}
        onValue={(text) => {
          reason.value = text;
          onReason();
        }}
      />
      {failure !== undefined && <Fault failure={failure} />}
      <Button kind="primary" wide onClick={send}>
        {t('ask.send')}
      </Button>
    </div>
  );
}
