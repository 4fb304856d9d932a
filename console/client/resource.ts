import { useSignal, type Signal } from '@preact/signals';
import { useCallback, useEffect } from 'preact/hooks';
import { ApiFailure, get } from './api.ts';
import { onChange, type Change } from './live.ts';

/** What a page shows of the server. `value` stays while it is asked for again, and when that fails. */
export type Resource<T> = { value: T | undefined; failure: ApiFailure | undefined; loading: boolean; reload: () => void };

/** What was read in this visit, so that going back shows something at once. Of one person: forgotten at sign-out. */
const seen = new Map<string, unknown>();
export const forgetResources = (): void => seen.clear();

/**
 * What the API answers to GET `path` (null: nothing is asked yet), kept up to date: asked again at every change that `concerns` accepts; by default at all
 * of them, which is right where few are told of.
 */
export function useResource<T>(path: string | null, concerns: (change: Change) => boolean = () => true): Resource<T> {
  const value: Signal<T | undefined> = useSignal(path === null ? undefined : (seen.get(path) as T | undefined));
  const failure = useSignal<ApiFailure | undefined>(undefined);
  const loading = useSignal(path !== null);
  const turn = useSignal(0);
  const reload = useCallback(() => {
    turn.value += 1;
  }, []);
  const now = turn.value;

  useEffect(() => {
    if (path === null) return undefined;
    const gone = new AbortController();
    if (now === 0) value.value = seen.get(path) as T | undefined;
    loading.value = true;
    get<T>(path, { signal: gone.signal }).then(
      (found) => {
        seen.set(path, found);
        value.value = found;
        failure.value = undefined;
        loading.value = false;
      },
      (error: unknown) => {
        if (gone.signal.aborted) return;
        loading.value = false;
        if (!(error instanceof ApiFailure)) throw error;
        failure.value = error;
      },
    );
    return () => gone.abort();
  }, [path, now]);

  useEffect(
    () =>
      onChange((change) => {
        if (change.all || concerns(change)) reload();
      }),
    [path],
  );

  return { value: value.value, failure: failure.value, loading: loading.value, reload };
}

/** Changes of one claim. */
export const ofClaim =
  (number: string) =>
  ({ claims }: Change): boolean =>
    claims.includes(number);

/** For what changes only where it is changed on this page. */
export const ofNothing = (): boolean => false;
