import { here, Link } from '../router.tsx';
import { t } from './words.ts';

const TABS = [
  { href: '/app/operator', word: 'tab.stuck' },
  { href: '/app/operator/deliveries', word: 'tab.deliveries' },
  { href: '/app/operator/health', word: 'tab.health' },
  { href: '/app/operator/announcements', word: 'tab.announcements' },
] as const;

/** The ways from one page of the desk to another. */
export function Tabs() {
  const path = here.value.split('?', 1)[0];
  return (
    <nav class="tabs" aria-label={t('tabs')}>
      {TABS.map(({ href, word }) => (
        <Link key={href} href={href} aria-current={href === path ? 'page' : undefined}>
          {t(word)}
        </Link>
      ))}
    </nav>
  );
}
