import { signal } from '@preact/signals';
import { Component, type ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { offline, sessionEnded } from './client/connection.ts';
import { goLive } from './client/live.ts';
import { reportError } from './client/report.ts';
import { holds, loadSession, session } from './client/session.ts';
import { chooseLanguage, language } from './i18n/language.ts';
import { t } from './i18n/words.ts';
import { here, lazyPage, Link, matchRoute, type Route } from './router.tsx';
import { Button } from './ui/button.tsx';
import { SignIn } from './sign-in/sign-in.tsx';
import { Outages } from './ui/outages.tsx';
import { Failed, Loading, NotFound } from './ui/states.tsx';
import { Toasts } from './ui/toast.tsx';

/** The parts of the console, each loaded when somebody goes there. */
type Area = {
  home: string;
  word: 'area.employee' | 'area.manager' | 'area.operator';
  load: () => Promise<{ routes: readonly Route[] }>;
  offered: () => boolean;
};
const AREAS = {
  employee: { home: '/', word: 'area.employee', load: () => import('./employee/area.ts'), offered: () => true },
  manager: {
    home: '/app/manager',
    word: 'area.manager',
    load: () => import('./manager/area.ts'),
    offered: () => holds('approver', 'hr', 'finance', 'auditor', 'admin'),
  },
  operator: { home: '/app/operator', word: 'area.operator', load: () => import('./operator/area.ts'), offered: () => holds('operator', 'admin') },
} as const satisfies Record<string, Area>;
type AreaName = keyof typeof AREAS;

const SignInRefused = lazyPage(async () => (await import('./sign-in/refused.tsx')).SignInRefused);

const loaded = signal<Partial<Record<AreaName, readonly Route[]>>>({});
const trouble = signal<unknown>(undefined);

export function App() {
  useEffect(() => void start(), []);
  return (
    <Boundary>
      <a class="skip" href="#main">
        {t('skip.to-content')}
      </a>
      <Bar />
      {offline.value && (
        <p class="banner" role="status">
          {t('offline')}
        </p>
      )}
      {session.value && !sessionEnded.value && <Outages />}
      <Content />
      <Toasts />
    </Boundary>
  );
}

async function start(): Promise<void> {
  trouble.value = undefined;
  try {
    await loadSession();
    if (session.value) goLive();
  } catch (error) {
    trouble.value = error;
  }
}

function Bar() {
  const area = areaOf(here.value);
  const names = (Object.keys(AREAS) as AreaName[]).filter((name) => AREAS[name].offered());
  return (
    <header class={session.value && names.length > 1 ? 'bar several' : 'bar'}>
      <Link class="brand" href="/">
        {t('product')}
      </Link>
      {session.value && (
        <nav aria-label={t('product')}>
          {names.length > 1 &&
            names.map((name) => (
              <Link key={name} href={AREAS[name].home} aria-current={name === area && here.value !== '/app/me' ? 'page' : undefined}>
                {t(AREAS[name].word)}
              </Link>
            ))}
          <Link href="/app/me" aria-current={here.value === '/app/me' ? 'page' : undefined}>
            {t('me')}
          </Link>
        </nav>
      )}
      <Button kind="plain" lang={language.value === 'zh' ? 'en' : 'zh-CN'} onClick={() => chooseLanguage(language.value === 'zh' ? 'en' : 'zh')}>
        {t('other-language')}
      </Button>
    </header>
  );
}

function Content() {
  if (trouble.value !== undefined) return <Failed failure={trouble.value} onRetry={() => void start()} />;
  if (session.value === undefined) return <Loading />;
  if (here.value.split('?', 1)[0] === '/app/sign-in-refused') return <SignInRefused params={{}} />;
  if (session.value === null || sessionEnded.value) return <SignIn />;
  return <AreaPage name={areaOf(here.value)} />;
}

function AreaPage({ name }: { name: AreaName }) {
  const routes = loaded.value[name];
  useEffect(() => {
    if (routes) return;
    AREAS[name].load().then(
      (area) => {
        loaded.value = { ...loaded.value, [name]: area.routes };
      },
      (error: unknown) => {
        trouble.value = error;
      },
    );
  }, [name]);
  if (!routes) return <Loading />;
  const found = matchRoute(routes, here.value);
  if (!found) return <NotFound />;
  const { route, params } = found;
  // another address is another page: nothing of one claim stays in the fields of the next
  return <route.page key={here.value.split('?', 1)[0] ?? ''} params={params} />;
}

function areaOf(address: string): AreaName {
  const part = address.split(/[/?]/)[2];
  return part === 'manager' || part === 'operator' ? part : 'employee';
}

/** A page that breaks says so, and the log hears of it. */
class Boundary extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };

  static override getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override componentDidCatch(error: unknown): void {
    reportError(error);
  }

  override render() {
    return this.state.broken ? <Failed failure={undefined} onRetry={() => location.reload()} /> : this.props.children;
  }
}
