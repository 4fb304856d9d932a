export const JSON_LIMIT_BYTES = 256 * 1024;
export const DOCUMENT_LIMIT_BYTES = 20 * 1024 * 1024;
