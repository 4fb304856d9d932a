/** Methods of RFC 8176 that are, or contain, more than a password. A text message is none: whoever wants it says so by `acr`. */
const METHODS = new Set(['mfa', 'otp', 'hwk', 'sc']);

/** Whether an ID token says that the person showed a second factor: by the class agreed with the provider, or by the methods it names. */
export function showsSecondFactor({ acr, amr }: Readonly<Record<string, unknown>>, accepted: readonly string[]): boolean {
  if (typeof acr === 'string' && accepted.includes(acr)) return true;
  return Array.isArray(amr) && amr.some((method) => METHODS.has(method as string));
}

/** Where somebody who is signed in shows one: `acr` is asked of the provider. */
export const secondFactorPath = (acr: string): string => `/auth/login?acr=${encodeURIComponent(acr)}`;
