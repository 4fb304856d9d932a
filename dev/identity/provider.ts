import { createServer, type Server } from 'node:http';
import { Provider, type Configuration, type JWKS } from 'oidc-provider';
import { createInteractions } from './interactions.ts';
import { openMemory } from './memory.ts';
import type { Person } from './people.ts';

/*
 * The employer's identity provider for development and tests: the real `oidc-provider`, with sample people whose passwords stand on its page. It listens on this
 * machine only, keeps its sessions in memory, and is never part of an installation.
 */

export type Machine = { clientId: string; clientSecret: string };

export type IdentitySettings = {
  /** 0: any free one */
  port: number;
  /** the product's origin */
  publicUrl: string;
  client: { id: string; secret: string };
  /** what access tokens are for, and what they may ask for */
  audience: string;
  scopes: readonly string[];
  machines: readonly Machine[];
  people: readonly Person[];
  /** private keys; the first of an algorithm signs */
  jwks: JWKS;
  cookieSecret: string;
};

/** What says that a person showed a second factor, as the product asks for it. */
export const SECOND_FACTOR = 'http://schemas.openid.net/pape/policies/2007/06/multi-factor';
export const PASSWORD_ONLY = 'urn:daozhang:password';

const MINUTES_10 = 600;
const HOURS_12 = 43_200;

export type RunningProvider = { issuer: string; provider: Provider; close(): Promise<void> };

/** Starts it on 127.0.0.1. */
export async function startProvider(settings: IdentitySettings): Promise<RunningProvider> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${portOf(server)}`;
  const provider = new Provider(issuer, configurationOf(settings));
  const interactions = createInteractions({ provider, people: settings.people });
  const serve = provider.callback();
  server.on('request', (request, response) => {
    void interactions(request, response).then((answered) => (answered ? undefined : serve(request, response)));
  });
  return {
    ...{ issuer, provider },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function configurationOf({ client, publicUrl, machines, people, audience, scopes, jwks, cookieSecret }: IdentitySettings): Configuration {
  const machineIds = new Set(machines.map(({ clientId }) => clientId));
  return {
    jwks,
    adapter: openMemory(),
    cookies: { keys: [cookieSecret] },
    clients: [
      {
        ...{ client_id: client.id, client_secret: client.secret, grant_types: ['authorization_code'], response_types: ['code'] },
        ...{ redirect_uris: [`${publicUrl}/auth/callback`], post_logout_redirect_uris: [`${publicUrl}/`] },
      },
      ...machines.map(({ clientId, clientSecret }) => ({
        ...{ client_id: clientId, client_secret: clientSecret, grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
      })),
    ],
    acrValues: [PASSWORD_ONLY, SECOND_FACTOR],
    // how she signed in is said without being asked
    claims: { openid: ['sub', 'employee_no', 'acr', 'amr'], acr: null, amr: null, auth_time: null, iss: null, sid: null },
    ttl: {
      AccessToken: MINUTES_10,
      AuthorizationCode: 60,
      ClientCredentials: MINUTES_10,
      Grant: HOURS_12,
      IdToken: MINUTES_10,
      Interaction: HOURS_12,
      Session: HOURS_12,
    },
    findAccount(_ctx, accountId) {
      const person = people.find(({ employeeNo }) => accountOf(employeeNo) === accountId);
      return person && { accountId, claims: () => ({ sub: accountId, employee_no: person.employeeNo }) };
    },
    // who signs in at the employer's own product is not asked what it may know
    async loadExistingGrant({ oidc }) {
      const { client: asking, session } = oidc;
      const accountId = session?.accountId;
      if (!asking || accountId === undefined) return undefined;
      const grant = new oidc.provider.Grant({ clientId: asking.clientId, accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, asking) => (machineIds.has(asking.clientId) ? audience : []),
        getResourceServerInfo: () => ({ scope: scopes.join(' '), audience, accessTokenFormat: 'jwt', accessTokenTTL: 600 }),
      },
    },
  };
}

export const accountOf = (employeeNo: string): string => `person-${employeeNo}`;

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the provider listens on no port');
  return address.port;
}
