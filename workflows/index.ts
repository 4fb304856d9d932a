/** What the worker registers: the one list of workflows. */
export { claim } from './claim.ts';
export { eraseDue } from './erase-due.ts';
export { pollBureau } from './poll-bureau.ts';
export { readDocument } from './read-document.ts';
export { reconcile } from './reconcile.ts';
export { sealAudit } from './seal-audit.ts';
export { simulate } from './simulate.ts';
