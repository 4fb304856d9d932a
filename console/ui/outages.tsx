import { useEffect } from 'preact/hooks';
import type { Outages as Told } from '#api/contract/announcements.ts';
import { useResource } from '../client/resource.ts';
import { say } from '../i18n/language.ts';

const EVERY_MS = 60_000;

/** What everybody is told on top of every page: which bureau or bank is away, and what the operators announce. Nothing where nothing is to be told, or nobody knows. */
export function Outages() {
  const told = useResource<Told>('/v1/outages', () => false);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') told.reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div role="status">
      {(told.value?.items ?? []).map(({ kind, id, text }) => (
        <p class="banner" key={`${kind}-${id}`}>
          {say(text)}
        </p>
      ))}
    </div>
  );
}
