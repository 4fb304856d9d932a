import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/words.ts';
import { Link } from '../router.tsx';

/** A page: its title is the heading, the document's title, and where the focus goes when somebody comes to it. */
export function Page({ title, back, wide = false, aside, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    document.title = `${title} · ${t('product')}`;
  }, [title]);
  return (
    <main id="main" class={wide ? 'page wide' : 'page'} tabIndex={-1}>
      {back !== undefined && (
        <Link class="back" href={back}>
          ‹ {t('back')}
        </Link>
      )}
      <div class="row between">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {aside}
      </div>
      {children}
    </main>
  );
}

type PageProps = {
  title: string;
  /** address of the page above */
  back?: string;
  /** for tables; lines of text stay short otherwise */
  wide?: boolean;
  /** beside the heading */
  aside?: ComponentChildren;
  children?: ComponentChildren;
};
