import type { ComponentChildren } from 'preact';
import { ApiFailure } from '../client/api.ts';
import type { Resource } from '../client/resource.ts';
import { showSecondFactor } from '../client/session.ts';
import { t } from '../i18n/words.ts';
import { Link } from '../router.tsx';
import { Button } from './button.tsx';
import { Page } from './page.tsx';

/** Something is on its way. */
export function Loading() {
  return (
    <main id="main" class="page" aria-busy="true">
      <Bones />
    </main>
  );
}

export function Bones() {
  return (
    <div class="stack-small" role="status">
      <span class="unseen">{t('loading')}</span>
      <span class="bone short" />
      <span class="bone" />
      <span class="bone" />
    </div>
  );
}

/** Nothing is there, and that is all right. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="card empty stack">{children}</div>;
}

/** What a failure says to who reads it. */
export function wordsOf(failure: unknown): string {
  if (!(failure instanceof ApiFailure)) return t('failed.crash');
  if (failure.code === 'NETWORK') return t('failed.network');
  if (failure.code === 'FORBIDDEN') return t('failed.forbidden');
  return failure.problem.title ?? t('failed.crash');
}

/** A failure within a page, with what can be done about it. */
export function Fault({ failure, onRetry }: { failure: unknown; onRetry?: () => void }) {
  const factor = failure instanceof ApiFailure && failure.code === 'SECOND_FACTOR_REQUIRED';
  return (
    <div class="notice bad" role="alert">
      <p>{factor ? t('second-factor.text') : wordsOf(failure)}</p>
      {failure instanceof ApiFailure && failure.status >= 500 && failure.problem.instance !== undefined && (
        <p class="small">{t('failed.reference', { id: failure.problem.instance.slice(-12) })}</p>
      )}
      {factor ? <Button onClick={showSecondFactor}>{t('second-factor.button')}</Button> : onRetry && <Button onClick={onRetry}>{t('reload')}</Button>}
    </div>
  );
}

/** A whole page that could not be shown. */
export function Failed({ failure, onRetry }: { failure: unknown; onRetry: () => void }) {
  return (
    <Page title={t('failed.title')}>
      <Fault failure={failure} onRetry={onRetry} />
    </Page>
  );
}

export function NotFound() {
  return (
    <Page title={t('not-found.title')}>
      <p>{t('not-found.text')}</p>
      <Link class="button" href="/">
        {t('not-found.home')}
      </Link>
    </Page>
  );
}

/** What a resource has to show: its value, else that it is on its way, else what went wrong. An old value stays under the failure to renew it. */
export function Shown<T>({ of, children }: { of: Resource<T>; children: (value: T) => ComponentChildren }) {
  const { value, failure, reload } = of;
  return (
    <>
      {failure && <Fault failure={failure} onRetry={reload} />}
      {value !== undefined ? children(value) : !failure && <Bones />}
    </>
  );
}
