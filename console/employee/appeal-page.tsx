import { useSignal } from '@preact/signals';
import { newKey, post } from '../client/api.ts';
import { ofClaim, useResource } from '../client/resource.ts';
import { say } from '../i18n/language.ts';
import { navigate, type Params } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { TextArea } from '../ui/field.tsx';
import { Page } from '../ui/page.tsx';
import { Fault, Shown } from '../ui/states.tsx';
import { DaysLeft } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import type { Decisions, Progress } from './contract.ts';
import { t } from './words.ts';

export function AppealPage({ params: { number = '' } }: { params: Params }) {
  const path = `/v1/claims/${encodeURIComponent(number)}`;
  const progress = useResource<Progress>(`${path}/progress`, ofClaim(number));
  const decisions = useResource<Decisions>(`${path}/decisions`, ofClaim(number));
  const reason = useSignal('');
  const key = useSignal(newKey());
  const empty = useSignal(false);
  const failure = useSignal<unknown>(undefined);

  async function send(): Promise<void> {
    failure.value = undefined;
    empty.value = reason.value.trim() === '';
    if (empty.value) return;
    try {
      await post(`${path}/appeal`, { reason: reason.value.trim() }, { key: key.value });
      toast(t('done.appeal'));
      navigate(`/app/claims/${number}`);
    } catch (error) {
      failure.value = error;
    }
  }

  return (
    <Page title={t('action.appeal')} back={`/app/claims/${number}`}>
      <Shown of={progress}>
        {({ appealableUntil }) =>
          appealableUntil === null ? (
            <p>{t('appeal.too-late')}</p>
          ) : (
            <div class="stack">
              <p class="notice">
                {t('next.appeal-until')} <DaysLeft at={appealableUntil} />
              </p>
              {decisions.value?.items.at(-1)?.reasons.map(({ code, text, label }) => (
                <p key={code}>{t('appeal.decision', { reason: label ? say(label) : text })}</p>
              ))}
              <TextArea
                label={t('appeal.reason')}
                hint={t('appeal.hint')}
                maxLength={1_000}
                value={reason.value}
                fault={empty.value ? t('fault.missing') : undefined}
                onValue={(text) => {
                  reason.value = text;
                  // other words are another appeal
                  key.value = newKey();
                }}
              />
              {failure.value !== undefined && <Fault failure={failure.value} />}
              <Button kind="primary" wide onClick={send}>
                {t('appeal.send')}
              </Button>
            </div>
          )
        }
      </Shown>
    </Page>
  );
}
