/** What the worker registers: the one list of workflows. */
export { claim } from './claim.ts';
export { pollBureau } from './poll-bureau.ts';
export { reconcile } from './reconcile.ts';
