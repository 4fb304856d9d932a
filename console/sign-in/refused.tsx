import { session } from '../client/session.ts';
import { createWords } from '../i18n/language.ts';
import { t as shared } from '../i18n/words.ts';
import { Link, query } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { Page } from '../ui/page.tsx';
import { en } from './en.ts';
import { zh, type Key } from './zh.ts';

const t = createWords({ zh, en });
/** Anybody can write an address: only what we have words for is said. */
const wordsFor = (why: string): Key => (/^[A-Z]/.test(why) && Object.hasOwn(zh, why) ? (why as Key) : 'other');

/** Where the API sends a browser whose sign-in was refused: `?why=` the code, `&reference=` the end of the request's id (api/plugins/errors.ts). */
export function SignInRefused() {
  const reference = query('reference') ?? '';
  return (
    <Page title={t('title')}>
      <p>{t(wordsFor(query('why') ?? ''))}</p>
      <Button kind="primary" wide onClick={() => location.assign('/auth/login?prompt=login')}>
        {t('again')}
      </Button>
      {session.value && (
        <Link class="button wide" href="/">
          {t('home')}
        </Link>
      )}
      {/^[0-9a-f-]{12}$/.test(reference) && <p class="muted small">{shared('failed.reference', { id: reference })}</p>}
    </Page>
  );
}
