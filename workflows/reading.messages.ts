/** The contract of reading documents: whoever wants one read imports this and nothing else of workflows/. */

export const READ_DOCUMENT_WORKFLOW = 'readDocument';
/** One for a document, so that it is read once, whoever asks and how often. */
export const readingWorkflowId = (documentId: string): string => `reading/${documentId}`;
/** How often a reading is tried that fails for another reason than the file itself. What the last try finds is kept. */
export const READ_ATTEMPTS = 8;
