import type { Database, Tx } from '../database.ts';

export type MachineClientRow = {
  id: string;
  unitId: string;
  unitCode: string;
  /** from the root to the client's unit */
  unitAncestors: string[];
  scopes: string[];
};

/** The client of the identity provider with this name, unless it was revoked or its unit closed. */
export async function findMachineClient(db: Pick<Database, 'query'>, { clientId }: { clientId: string }): Promise<MachineClientRow | undefined> {
  const { rows } = await db.query<MachineClientRow>(
    'SELECT id, unit_id AS "unitId", unit_code AS "unitCode", unit_ancestors AS "unitAncestors", scopes FROM find_machine_client($1)',
    [clientId],
  );
  return rows[0];
}

/** `'exists'`: the client was registered before. */
export async function createMachineClient(
  tx: Tx,
  client: { clientId: string; name: string; unitId: string; scopes: readonly string[] },
): Promise<'created' | 'exists'> {
  const { rowCount } = await tx.query(
    'INSERT INTO machine_client (client_id, name, unit_id, scopes) VALUES ($1, $2, $3, $4) ON CONFLICT (client_id) DO NOTHING',
    [client.clientId, client.name, client.unitId, client.scopes],
  );
  return rowCount === 1 ? 'created' : 'exists';
}
