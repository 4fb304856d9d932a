import { useSignal } from '@preact/signals';
import { newKey, post } from '../client/api.ts';
import { ofNothing, useResource } from '../client/resource.ts';
import { session } from '../client/session.ts';
import { say } from '../i18n/language.ts';
import { Link, query } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Page } from '../ui/page.tsx';
import { Fault, Shown } from '../ui/states.tsx';
import { Time } from '../ui/time.tsx';
import type { Consents, ConsentTexts } from './contract.ts';
import { claimToReturnTo } from './return-to.ts';
import { t } from './words.ts';

type Text = ConsentTexts['items'][number];
type Standing = Consents['items'][number];

/** Each purpose by itself, with its whole wording: agreed to one by one, and taken back as easily. */
export function ConsentPage() {
  const path = `/v1/employees/${encodeURIComponent(session.value?.employeeNo ?? '')}/consents`;
  const texts = useResource<ConsentTexts>('/v1/consents/texts', ofNothing);
  const consents = useResource<Consents>(path, ofNothing);
  const failure = useSignal<unknown>(undefined);
  const withdrawing = useSignal<Standing | undefined>(undefined);
  const then = claimToReturnTo(query('then'));

  async function act(work: () => Promise<unknown>): Promise<void> {
    failure.value = undefined;
    try {
      await work();
      withdrawing.value = undefined;
      consents.reload();
    } catch (error) {
      failure.value = error;
    }
  }
  const give = ({ purpose, version }: Text): Promise<void> => act(() => post(path, { purpose, textVersion: version }, { key: newKey() }));
  const withdraw = ({ purpose }: Standing): Promise<void> => act(() => post(`${path}/${purpose}/withdraw`, {}, { key: newKey() }));

  const ready = consents.value?.items.every(({ counts }) => counts) ?? false;
  return (
    <Page title={t('consent.title')} back={then ?? '/app/me'}>
      <p>{t('consent.text')}</p>
      {failure.value !== undefined && <Fault failure={failure.value} />}
      <Shown of={texts}>
        {({ items }) => (
          <>
            {items.map((text) => {
              const standing = consents.value?.items.find(({ purpose }) => purpose === text.purpose);
              return (
                <section key={text.purpose} class="card" aria-labelledby={text.purpose}>
                  <div class="row between">
                    <h2 id={text.purpose}>{say(text.label)}</h2>
                    {standing && <span class={standing.counts ? 'tag good' : 'tag warn'}>{t(standing.counts ? 'consent.given' : 'consent.not-given')}</span>}
                  </div>
                  <details open={standing !== undefined && !standing.counts}>
                    <summary>{t('consent.wording')}</summary>
                    <div class="stack-small small">
                      {say(text.text)
                        .split('\n')
                        .map((paragraph) => (
                          <p key={paragraph.slice(0, 20)}>{paragraph}</p>
                        ))}
                      {text.recipients.length > 0 && <p>{t('consent.recipients', { names: text.recipients.map(say).join(t('list')) })}</p>}
                    </div>
                  </details>
                  {standing?.counts && standing.at !== null && (
                    <p class="muted small">
                      {t('consent.at')} <Time at={standing.at} />
                    </p>
                  )}
                  {standing &&
                    (standing.counts ? (
                      <Button aria-label={t('consent.withdraw-of', { what: say(text.label) })} onClick={() => void (withdrawing.value = standing)}>
                        {t('consent.withdraw')}
                      </Button>
                    ) : (
                      <Button kind="primary" wide aria-label={t('consent.give-of', { what: say(text.label) })} onClick={() => give(text)}>
                        {t('consent.give')}
                      </Button>
                    ))}
                </section>
              );
            })}
            {then !== undefined && ready && (
              <Link class="button primary wide" href={then}>
                {t('consent.back')}
              </Link>
            )}
          </>
        )}
      </Shown>
      {withdrawing.value && (
        <Dialog title={t('consent.withdraw-of', { what: say(withdrawing.value.label) })} onClose={() => void (withdrawing.value = undefined)}>
          <p>{t('consent.effects')}</p>
          <ul class="stack-small">
            {withdrawing.value.ifWithdrawn.map(({ claim, text }) => (
              <li key={claim}>
                <span class="numbers">{claim}</span> {say(text)}
              </li>
            ))}
          </ul>
          {failure.value !== undefined && <Fault failure={failure.value} />}
          <Button kind="danger" wide onClick={() => (withdrawing.value ? withdraw(withdrawing.value) : undefined)}>
            {t('consent.withdraw')}
          </Button>
        </Dialog>
      )}
    </Page>
  );
}
