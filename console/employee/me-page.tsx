import { ofNothing, useResource } from '../client/resource.ts';
import { session, signOut } from '../client/session.ts';
import { Link } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { Money } from '../ui/money.tsx';
import { Page } from '../ui/page.tsx';
import { Shown } from '../ui/states.tsx';
import type { Accounts, Consents, Quota } from './contract.ts';
import { maskedAccount } from './masked-account.ts';
import { t } from './words.ts';

/** 我的: what is on file, what was agreed to, and the way out. */
export function MePage() {
  const me = encodeURIComponent(session.value?.employeeNo ?? '');
  const path = `/v1/employees/${me}`;
  const accounts = useResource<Accounts>(`${path}/accounts`, ofNothing);
  const quota = useResource<Quota>(`${path}/quotas/${new Date().getFullYear()}`, ofNothing);
  const consents = useResource<Consents>(`${path}/consents`, ofNothing);
  const account = accounts.value?.items.find(({ replacedAt }) => replacedAt === null);
  const open = consents.value?.items.filter(({ counts }) => !counts).length ?? 0;
  return (
    <Page title={session.value?.name ?? ''}>
      <p class="muted">
        {session.value?.employeeNo} · {session.value?.unitCode}
      </p>
      <section class="card" aria-labelledby="account">
        <h2 id="account">{t('me.account')}</h2>
        <Shown of={accounts}>
          {() =>
            account ? (
              <dl class="facts">
                <dt>{t('account.number')}</dt>
                <dd class="numbers">{maskedAccount(account.accountNo)}</dd>
                <dt>{t('account.bank')}</dt>
                <dd>{account.bankName}</dd>
                <dt>{t('account.holder')}</dt>
                <dd>{account.holderName}</dd>
              </dl>
            ) : (
              <p>{t('account.none')}</p>
            )
          }
        </Shown>
        <Link class="button" href="/app/account">
          {t('action.mend-account')}
        </Link>
      </section>
      {quota.value && (
        <section class="card" aria-labelledby="quota">
          <h2 id="quota">{t('me.quota', { year: quota.value.year })}</h2>
          <dl class="facts">
            <dt>{t('quota.available')}</dt>
            <dd>
              <Money yuan={quota.value.available} strong />
            </dd>
            <dt>{t('quota.limit')}</dt>
            <dd>
              <Money yuan={quota.value.limit} />
            </dd>
          </dl>
        </section>
      )}
      <ul class="list">
        <li>
          <Link class="row between claim-card" href="/app/consent">
            <span>{t('consent.title')}</span>
            <span class={open > 0 ? 'tag warn' : 'tag good'}>{open > 0 ? t('consent.open', { n: open }) : t('consent.all')}</span>
          </Link>
        </li>
        <li>
          <Link class="row between claim-card" href="/app/delegation">
            <span>{t('delegation.title')}</span>
            <span aria-hidden="true">›</span>
          </Link>
        </li>
      </ul>
      <Button wide onClick={signOut}>
        {t('me.sign-out')}
      </Button>
      <p class="muted small">{t('me.sign-out.text')}</p>
    </Page>
  );
}
