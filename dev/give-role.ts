import { parseArgs } from 'node:util';
import { ROLES, SYSTEM, type Role } from '#domain/claim/actor.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { giveRole } from '#prisma/queries/roles.ts';
import { unitIdOf } from './api-key.ts';
import { databaseUrl, runCommand } from './command.ts';

const USAGE = `npm run give-role -- --employee NUMBER --unit CODE --role ${ROLES.join('|')}

Gives a role without asking who gives it: the first admin of an installation, whom no admin can make. DATABASE_URL says where.`;

/** Gives a role as the installation itself; false where the person holds it. Throws where there is no such employee or unit. */
export async function giveRoleAsInstallation(
  database: Pick<Database, 'write'>,
  { employeeNo, unitCode, role }: { employeeNo: string; unitCode: string; role: Role },
): Promise<boolean> {
  return database.write(async (tx) => {
    const { rows: people } = await tx.query<{ id: string }>('SELECT id FROM employee WHERE employee_no = $1 AND active FOR NO KEY UPDATE', [employeeNo]);
    const [person] = people;
    if (!person) throw new Error(`there is no employee ${employeeNo}`);
    const unitId = await unitIdOf(tx, unitCode);
    const at = new Date();
    const made = await giveRole(tx, { employeeId: person.id, unitId, role, validFrom: at, validTo: null, givenBy: SYSTEM });
    if (made === 'overlaps') return false;
    await audit(tx, { unitId, at, actor: SYSTEM, action: 'role-given', detail: { roleId: made.id, employeeId: person.id, role } });
    return true;
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { employee: { type: 'string' }, unit: { type: 'string' }, role: { type: 'string' } } });
  const { employee: employeeNo, unit: unitCode } = values;
  const role = ROLES.find((known) => known === values.role);
  if (!employeeNo || !unitCode || !role) throw new Error(USAGE);
  const database = openDatabase({ url: databaseUrl(), poolSize: 1 });
  try {
    const given = await giveRoleAsInstallation(database, { employeeNo, unitCode, role });
    console.log(given ? `${employeeNo} is ${role} of ${unitCode}` : `${employeeNo} was ${role} of ${unitCode} already`);
  } finally {
    await database.close();
  }
}

if (import.meta.main) await runCommand(main);
