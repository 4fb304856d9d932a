import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { JWK, JWKS } from 'oidc-provider';

/** A fresh private key to sign with; nothing of the kind is in the repository. */
export function makeJwks(): JWKS {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return { keys: [{ ...(privateKey.export({ format: 'jwk' }) as JWK), kid: randomUUID(), use: 'sig', alg: 'RS256' }] };
}
