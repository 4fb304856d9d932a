import { signal } from '@preact/signals';

type Toast = { id: number; text: string };
const SHOWN_MS = 6_000;
const toasts = signal<readonly Toast[]>([]);
let next = 1;

/** Says shortly that something was done. What somebody must not miss stands in the page instead. */
export function toast(text: string): void {
  const id = next;
  next += 1;
  toasts.value = [...toasts.value, { id, text }];
  setTimeout(() => {
    toasts.value = toasts.value.filter((one) => one.id !== id);
  }, SHOWN_MS);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text }) => (
        <p class="toast" key={id}>
          {text}
        </p>
      ))}
    </div>
  );
}
