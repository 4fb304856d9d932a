import { parseArgs } from 'node:util';
import { SCOPES, type Scope } from '#domain/org/can.ts';
import { mintApiKey } from '#platform/api-key.ts';
import { openDatabase, type Tx } from '#prisma/database.ts';
import { createApiKey } from '#prisma/queries/api-keys.ts';
import { createMachineClient } from '#prisma/queries/machine-clients.ts';
import { createRootUnit } from '#prisma/queries/units.ts';
import { databaseUrl, runCommand } from './command.ts';

const USAGE = `npm run api-key -- --unit CODE --name NAME --scopes ${SCOPES.join(',')} [--client-id ID] [--root NAME,NAME_EN,REGION]

Makes an API key for a system and prints it, once: only its hash is kept. With --client-id no key is made: the system comes with access tokens that the identity
provider gives to the client of this id. DATABASE_URL says where. With --root the unit is made first, as the head of the tree: the one unit that the API cannot make.`;

/** Makes a key for `unitCode` and everything below it. Throws where there is no such unit. */
export async function makeApiKey(
  database: Pick<ReturnType<typeof openDatabase>, 'write'>,
  { unitCode, name, scopes }: { unitCode: string; name: string; scopes: readonly Scope[] },
): Promise<string> {
  const { id, hash, token } = mintApiKey();
  await database.write(async (tx) => createApiKey(tx, { id, hash, name, unitId: await unitIdOf(tx, unitCode), scopes }));
  return token;
}

/** Lets a client of the identity provider in for `unitCode` and everything below it. `'exists'`: it was registered before, and stays as it is. */
export async function registerMachineClient(
  database: Pick<ReturnType<typeof openDatabase>, 'write'>,
  { unitCode, clientId, name, scopes }: { unitCode: string; clientId: string; name: string; scopes: readonly Scope[] },
): Promise<'created' | 'exists'> {
  return database.write(async (tx) => createMachineClient(tx, { clientId, name, scopes, unitId: await unitIdOf(tx, unitCode) }));
}

/** Throws where there is no such unit, or it was closed. */
export async function unitIdOf(tx: Tx, unitCode: string): Promise<string> {
  const { rows } = await tx.query<{ id: string }>('SELECT id FROM unit WHERE code = $1 AND active', [unitCode]);
  if (!rows[0]) throw new Error(`there is no unit ${unitCode}`);
  return rows[0].id;
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { unit: { type: 'string' }, name: { type: 'string' }, scopes: { type: 'string' }, root: { type: 'string' }, 'client-id': { type: 'string' } },
  });
  const { unit: unitCode, name, scopes: list, 'client-id': clientId } = values;
  const [rootName, rootNameEn, region, ...rest] = values.root?.split(',') ?? [];
  if (values.root !== undefined && (!rootName || !rootNameEn || !/^\d{6}$/.test(region ?? '') || rest.length > 0)) throw new Error(USAGE);
  if (!unitCode || !name || !list) throw new Error(USAGE);
  const scopes = list.split(',').map((scope) => scope.trim());
  const unknown = scopes.filter((scope) => !isScope(scope));
  if (unknown.length > 0) throw new Error(`no such scope: ${unknown.join(', ')}\n\n${USAGE}`);
  const database = openDatabase({ url: databaseUrl(), poolSize: 1 });
  try {
    if (rootName && rootNameEn && region) await database.write((tx) => createRootUnit(tx, { code: unitCode, name: rootName, nameEn: rootNameEn, region }));
    const system = { unitCode, name, scopes: scopes.filter(isScope) };
    if (clientId === undefined) console.log(await makeApiKey(database, system));
    else if ((await registerMachineClient(database, { ...system, clientId })) === 'exists') throw new Error(`the client ${clientId} was registered before`);
  } finally {
    await database.close();
  }
}

if (import.meta.main) await runCommand(main);
