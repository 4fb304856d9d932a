import { computed, signal } from '@preact/signals';

/** Whether the last call came through. */
export const reachable = signal(true);
/** What the device itself says. */
const online = signal(navigator.onLine);
/** The server has said that nobody is signed in any more. */
export const sessionEnded = signal(false);

export const offline = computed(() => !online.value || !reachable.value);

addEventListener('online', () => {
  online.value = true;
  reachable.value = true;
});
addEventListener('offline', () => {
  online.value = false;
});
