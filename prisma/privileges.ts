import type pg from 'pg';

/** The groups that the migrations make for the processes of the product. */
export type Group = 'daozhang_api' | 'daozhang_worker';

/** A login that row-level security would not bind, or not as it should. No connection of it is used. */
export class PrivilegesWrong extends Error {
  override readonly name = 'PrivilegesWrong';
}

const QUESTIONS = `SELECT r.rolsuper AS superuser, r.rolbypassrls AS bypasses,
    EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace) AS owns,
    ARRAY(SELECT g.rolname::text FROM pg_roles g WHERE g.oid <> r.oid AND pg_has_role(r.oid, g.oid, 'MEMBER')) AS groups
  FROM pg_roles r WHERE r.rolname = current_user`;

/** Throws `PrivilegesWrong` where the connection's role is, or may become, anything but a member of `group` that owns nothing and bypasses nothing. */
export async function checkPrivileges(client: Pick<pg.ClientBase, 'query'>, group: Group): Promise<void> {
  const { rows } = await client.query<{ superuser: boolean; bypasses: boolean; owns: boolean; groups: string[] }>(QUESTIONS);
  const [role] = rows;
  const faults = [
    role?.superuser && 'is a superuser',
    role?.bypasses && 'bypasses row-level security',
    role?.owns && 'owns tables',
    role?.groups.join() !== group && `is not a member of ${group} alone`,
  ].filter((fault) => typeof fault === 'string');
  if (faults.length > 0) throw new PrivilegesWrong(`the login of DATABASE_URL ${faults.join(', ')}`);
}
