import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JWKS } from 'oidc-provider';
import { SCOPES } from '#domain/org/can.ts';
import { makeJwks } from '../identity/keys.ts';
import type { Person } from '../identity/people.ts';
import type { IdentitySettings } from '../identity/provider.ts';
import { takePort } from './ports.ts';
import { startNode } from './processes.ts';
import { secretFile } from './secrets.ts';

export type StackIdentity = { issuer: string; people: readonly Person[]; /** what the API reads */ env: Record<string, string> };

const PREFERRED_PORT = 9_400;
const CLIENT_ID = 'daozhang';
/** A system of the demonstration that may get access tokens. */
export const MACHINE_CLIENT_ID = 'daozhang-demo-system';

/** Starts the identity provider of a development stack. Its keys and secrets are made at the first start and kept in the data directory. */
export async function startIdentityProvider(options: {
  dataDir: string;
  publicUrl: string;
  people: readonly Person[];
  report: (line: string) => void;
  port?: number | undefined;
}): Promise<StackIdentity> {
  const { dataDir, publicUrl, people, report } = options;
  const port = await takePort({ preferred: options.port ?? PREFERRED_PORT, purpose: 'identity provider', report });
  const issuer = `http://127.0.0.1:${port}`;
  const secret = (name: string): string => readFileSync(secretFile(dataDir, name), 'utf8');
  const settings: IdentitySettings = {
    ...{ port, publicUrl, people, audience: publicUrl, scopes: SCOPES },
    client: { id: CLIENT_ID, secret: secret('oidc.client') },
    machines: [{ clientId: MACHINE_CLIENT_ID, clientSecret: secret('oidc.machine') }],
    jwks: keptJwks(dataDir),
    cookieSecret: secret('oidc.cookies'),
  };
  mkdirSync(join(dataDir, 'identity'), { recursive: true, mode: 0o700 });
  const config = join(dataDir, 'identity', 'provider.json');
  writeFileSync(config, JSON.stringify(settings, null, 2), { mode: 0o600 });
  const entry = fileURLToPath(new URL('../identity-provider.ts', import.meta.url));
  await startNode({
    ...{ name: 'identity-provider', dataDir, entry, args: ['--config', config] },
    ready: { url: `${issuer}/.well-known/openid-configuration` },
  });
  const env = {
    ...{ OIDC_ISSUER: issuer, OIDC_CLIENT_ID: CLIENT_ID, OIDC_CLIENT_SECRET_FILE: secretFile(dataDir, 'oidc.client') },
    ...{ PUBLIC_URL: publicUrl, OAUTH_AUDIENCE: publicUrl },
  };
  return { issuer, people, env };
}

function keptJwks(dataDir: string): JWKS {
  const file = join(dataDir, 'secrets', 'oidc.jwks.json');
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(makeJwks()), { mode: 0o600 });
  return JSON.parse(readFileSync(file, 'utf8')) as JWKS;
}
