import type { ClaimSummary } from '#api/contract/claims.ts';
import { useResource } from '../client/resource.ts';
import { session } from '../client/session.ts';
import { Page } from '../ui/page.tsx';
import { Empty, Shown } from '../ui/states.tsx';
import { t } from './words.ts';

export function HomePage() {
  const me = session.value?.employeeNo ?? '';
  const claims = useResource<{ items: ClaimSummary[] }>(`/v1/claims?limit=50&employeeNo=${encodeURIComponent(me)}`);
  return (
    <Page title={t('home.title')}>
      <Shown of={claims}>
        {({ items }) => (items.length === 0 ? <Empty>{t('home.none')}</Empty> : items.map(({ number }) => <p key={number}>{number}</p>))}
      </Shown>
    </Page>
  );
}
