import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';

type Kind = 'primary' | 'plain' | 'danger' | 'normal';
type ButtonProps = Omit<JSX.IntrinsicElements['button'], 'onClick' | 'type'> & {
  kind?: Kind;
  wide?: boolean;
  type?: 'button' | 'submit';
  /** What it does. While a promise of it is open the button is busy and does nothing, so that a double tap is one tap. */
  onClick?: () => void | Promise<void>;
  children: ComponentChildren;
};

const classOf = (kind: Kind, wide: boolean): string => ['button', kind === 'normal' ? '' : kind, wide ? 'wide' : ''].filter(Boolean).join(' ');

export function Button({ kind = 'normal', wide = false, type = 'button', onClick, children, ...rest }: ButtonProps) {
  const busy = useSignal(false);
  const press = (): void => {
    if (busy.value || !onClick) return;
    const outcome = onClick();
    if (!(outcome instanceof Promise)) return;
    busy.value = true;
    void outcome.finally(() => {
      busy.value = false;
    });
  };
  return (
    // not `disabled` while busy: that would take the focus away from who pressed it
    <button {...rest} type={type} class={classOf(kind, wide)} aria-disabled={busy.value || undefined} aria-busy={busy.value || undefined} onClick={press}>
      {children}
    </button>
  );
}

export { classOf as buttonClass };
