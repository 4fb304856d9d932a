export const JSON_LIMIT_BYTES = 256 * 1024;
/** a page of a history as Temporal's web page sends it to be shown */
export const CODEC_LIMIT_BYTES = 4 * 1024 * 1024;
export const DOCUMENT_LIMIT_BYTES = 20 * 1024 * 1024;
/** for a whole request to come in: 20 MB over a bad line, but nobody holds a connection open for ever */
export const REQUEST_TIMEOUT_MS = 120_000;
/** The most that an amount of the contract can say: ten digits of yuan. Sums must not leave it. */
export const AMOUNT_LIMIT_FEN = 999_999_999_999;
