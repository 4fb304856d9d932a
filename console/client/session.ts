import { signal } from '@preact/signals';
import type { Session } from '#api/contract/sign-in.ts';
import { ApiFailure, get, post, setCsrfToken } from './api.ts';
import { sessionEnded } from './connection.ts';
import { forgetResources } from './resource.ts';
import { forgetSealed } from './sealed-store.ts';

/** Who is signed in. undefined: not known yet; null: nobody. */
export const session = signal<Session | null | undefined>(undefined);

export async function loadSession(): Promise<void> {
  try {
    const found = await get<Session>('/v1/session');
    setCsrfToken(found.csrfToken);
    session.value = found;
    sessionEnded.value = false;
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 401) throw error;
    session.value = null;
  }
}

const address = (): string => encodeURIComponent(location.pathname + location.search);

/** Leaves for the identity provider, which brings the browser back to this page. */
export function signIn(): void {
  location.assign(`/auth/login?returnTo=${address()}`);
}

/** The same with a second factor, for roles that count only with one. */
export function showSecondFactor(): void {
  const to = session.value?.secondFactorSignIn ?? '/auth/login';
  location.assign(`${to}${to.includes('?') ? '&' : '?'}returnTo=${address()}`);
}

/** Forgets on the device first, so that nothing stays there even if the line is down. */
export async function signOut(): Promise<void> {
  forgetSealed();
  forgetResources();
  const ended = await post<{ endSessionUrl: string | null }>('/auth/logout', undefined).catch((error: unknown) => {
    if (error instanceof ApiFailure && error.status === 401) return { endSessionUrl: null };
    throw error;
  });
  session.value = null;
  location.assign(ended.endSessionUrl ?? '/');
}

/** Whether the person holds one of these roles anywhere, for what is offered on the pages. What is allowed is decided by the API. */
export function holds(...roles: Session['roles'][number]['role'][]): boolean {
  return session.value?.roles.some(({ role }) => roles.includes(role)) ?? false;
}
