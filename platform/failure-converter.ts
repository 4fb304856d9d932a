import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Loaded by its path, by clients and workers as well as inside the workflow bundle: messages and stack traces of failures travel as payloads, so that the codec
 * encrypts them too. What stays in clear is a failure's type, a word of our own.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
