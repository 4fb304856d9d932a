import { DefaultFailureConverter } from '@temporalio/common';

/** In place of platform/failure-converter.ts. */
export const failureConverter = new DefaultFailureConverter();
