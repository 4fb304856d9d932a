import pg from 'pg';

/** Connection strings by who connects. `owner` migrates, and is no application's. */
export type DatabaseUrls = { owner: string; api: string; worker: string };

const GROUPS = { api: 'daozhang_api', worker: 'daozhang_worker' } as const;

/**
 * Makes the logins of the API and of the worker, as members of the groups that the migrations grant to, or sets their password anew. They own nothing
 * and bypass nothing.
 */
export async function ensureLogins(ownerUrl: string, password: (login: string) => string): Promise<DatabaseUrls> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const urls = { owner: ownerUrl, api: '', worker: '' };
    for (const login of ['api', 'worker'] as const) {
      const name = `daozhang_${login}_login`;
      const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
      const secret = password(login);
      await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${name} LOGIN NOBYPASSRLS PASSWORD ${client.escapeLiteral(secret)}`);
      await client.query(`GRANT ${GROUPS[login]} TO ${name}`);
      const url = new URL(ownerUrl);
      url.username = name;
      url.password = secret;
      urls[login] = url.href;
    }
    return urls;
  } finally {
    await client.end();
  }
}
