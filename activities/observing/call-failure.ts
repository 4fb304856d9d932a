import { GatewayUnavailable } from '#domain/errors.ts';
import { faultName } from '../relays/fault-name.ts';

/** What a table may say of a failed call: a gateway's fault in our own words, which carry no personal data, and of everything else class and code. */
export function callFailure(error: unknown): string {
  return (error instanceof GatewayUnavailable ? error.message : faultName(error)).slice(0, 200);
}
