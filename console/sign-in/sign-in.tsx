import { useEffect } from 'preact/hooks';
import { sessionEnded } from '../client/connection.ts';
import { close } from '../client/live.ts';
import { signIn } from '../client/session.ts';
import { t } from '../i18n/words.ts';
import { Button } from '../ui/button.tsx';
import { Page } from '../ui/page.tsx';

export function SignIn() {
  useEffect(close, []);
  return (
    <Page title={t('sign-in.title')}>
      <p>{t(sessionEnded.value ? 'sign-in.ended' : 'sign-in.text')}</p>
      <Button kind="primary" wide onClick={signIn}>
        {t('sign-in.button')}
      </Button>
    </Page>
  );
}
