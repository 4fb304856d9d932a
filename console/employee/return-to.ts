/** Where a page that was called in between leads back to: a claim, or the draft; never an address that somebody wrote. */
export function claimToReturnTo(then: string | null): string | undefined {
  if (then === 'new') return '/app/new?step=confirm';
  return then !== null && /^YB\d{8}-\d{8}$/.test(then) ? `/app/claims/${then}` : undefined;
}
