import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '#activities/index.ts';
import type { ClaimView, Written } from '#domain/claim/view.ts';
import { WRITE_AT_ONCE, WRITE_PATIENTLY } from './activity-options.ts';

/** The activities that are one short transaction and answer with the claim as it then is. */
type WriteName = { [N in keyof Activities]: Activities[N] extends (input: never) => Promise<Written> ? N : never }[keyof Activities];
type ShortName = WriteName | 'listUnheardAnswers' | 'planReview';

const atOnce = proxyLocalActivities<Activities>(WRITE_AT_ONCE);
const patiently = proxyActivities<Activities>(WRITE_PATIENTLY);

/** Writes inside the workflow task; where the database does not answer soon, as an ordinary activity that waits for it. */
export async function write<N extends ShortName>(name: N, input: Parameters<Activities[N]>[0]): Promise<Awaited<ReturnType<Activities[N]>>> {
  type Write = (input: Parameters<Activities[N]>[0]) => Promise<Awaited<ReturnType<Activities[N]>>>;
  try {
    return await (atOnce[name] as Write)(input);
  } catch (error) {
    const final = error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.nonRetryable;
    if (final || isCancellation(error)) throw error;
    return (patiently[name] as Write)(input);
  }
}

/** Asks again of the claim as it is where it had moved on without this workflow (it was reset, or rebuilt; a write's answer was lost). */
export async function insist(view: ClaimView, attempt: (seen: ClaimView) => Promise<Written>): Promise<Written> {
  let seen = view;
  for (;;) {
    const written = await attempt(seen);
    if (written.done || written.refused) return written;
    seen = written.view;
  }
}
