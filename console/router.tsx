import { signal, useSignal } from '@preact/signals';
import type { ComponentChildren, ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';

/** Parameters of an address, all of them present where the route says so. */
export type Params = Readonly<Record<string, string>>;
/** `path`: `/app/claims/:number`. */
export type Route = { path: string; page: ComponentType<{ params: Params }> };

/** Where we are: path and query. Changed by links, `navigate` and the browser's own buttons. */
export const here = signal(location.pathname + location.search);

addEventListener('popstate', () => {
  here.value = location.pathname + location.search;
});

export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  here.value = to;
  scrollTo(0, 0);
}

/** The first route that fits, with its parameters. */
export function matchRoute(routes: readonly Route[], address: string): { route: Route; params: Params } | undefined {
  const parts = (address.split('?', 1)[0] ?? '').split('/');
  for (const route of routes) {
    const wanted = route.path.split('/');
    if (wanted.length !== parts.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((want, index) => {
      const part = parts[index] ?? '';
      if (!want.startsWith(':')) return want === part;
      params[want.slice(1)] = decodeURIComponent(part);
      return part !== '';
    });
    if (fits) return { route, params };
  }
  return undefined;
}

type PageType = Route['page'];

/** A page whose code is fetched when somebody goes there. What goes wrong with that is caught around all pages. */
export function lazyPage(load: () => Promise<PageType>): PageType {
  let loaded: PageType | undefined;
  return function LazyPage({ params }) {
    const arrived = useSignal(loaded !== undefined);
    const failure = useSignal<unknown>(undefined);
    useEffect(() => {
      if (loaded) return;
      load().then(
        (page) => {
          loaded = page;
          arrived.value = true;
        },
        (error: unknown) => void (failure.value = error),
      );
    }, []);
    if (failure.value !== undefined) throw failure.value;
    if (!arrived.value || !loaded) return <main id="main" class="page" aria-busy="true" />;
    const Page = loaded;
    return <Page params={params} />;
  };
}

export const query = (name: string): string | null => new URLSearchParams(here.value.split('?')[1] ?? '').get(name);

type LinkProps = { href: string; class?: string; 'aria-current'?: 'page' | undefined; 'aria-label'?: string; children: ComponentChildren };

/** A link within the console: a real one, so that it opens in another tab too, followed without loading the page anew. */
export function Link({ href, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(href);
  };
  return (
    <a {...rest} href={href} onClick={follow}>
      {children}
    </a>
  );
}
