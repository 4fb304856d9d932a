import { useEffect } from 'preact/hooks';
import { useResource, type Resource } from '../client/resource.ts';
import type { Change } from '../client/live.ts';

const EVERY_MS = 15_000;

/**
 * What the desk shows of the server, asked for again every quarter of a minute while somebody looks: most of what an operator waits for (a call that is tried again, a queue
 * that fills) is no change that the stream tells of, and over all claims the stream would tell of too many.
 */
export function useFresh<T>(path: string, concerns: (change: Change) => boolean = () => false): Resource<T> {
  const resource = useResource<T>(path, concerns);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') resource.reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [path]);
  return resource;
}
