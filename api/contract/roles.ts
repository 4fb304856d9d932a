import { z } from 'zod';
import { ROLES } from '#domain/claim/actor.ts';
import { actor, employeeNo, flag, pageQuery, time, unitCode } from './common.ts';

/** Roles of people, and who stands in for whom. Periods begin at `validFrom` and end before `validTo`. */

export const roleParams = z.strictObject({ employeeNo });
export const roleQuery = z.strictObject({ history: flag.default(false).meta({ description: 'With those that ended and those that are to come' }) });
export const newRole = z.strictObject({ unitCode, role: z.enum(ROLES).exclude(['employee']), validFrom: time.optional(), validTo: time.optional() }).meta({
  id: 'NewRole',
  description: 'A role on a unit holds on everything below it. From now on where `validFrom` is absent; until it is ended where `validTo` is',
});
export const role = z
  .strictObject({
    id: z.uuid(),
    unitCode,
    role: z.enum(ROLES),
    validFrom: time,
    validTo: time.nullable(),
    givenBy: actor,
    endedBy: actor.nullable(),
  })
  .meta({ id: 'Role' });
export const roles = z.strictObject({ items: z.array(role) }).meta({ id: 'Roles' });
export const givenRoleParams = z.strictObject({ employeeNo, id: z.uuid() });
export const endOfPeriod = z
  .strictObject({ at: time.optional() })
  .meta({ id: 'EndOfPeriod', description: 'Now where `at` is absent; never later than it ends anyway' });

export const substitutionQuery = z.strictObject({
  ...pageQuery,
  absentNo: employeeNo.optional(),
  substituteNo: employeeNo.optional(),
  current: flag.optional(),
});
export const newSubstitution = z
  .strictObject({ absentNo: employeeNo.optional(), substituteNo: employeeNo, validFrom: time.optional(), validTo: time })
  .meta({ id: 'NewSubstitution', description: '`absentNo` is the person who asks where it is absent; from now on where `validFrom` is absent' });
export const substitutionParams = z.strictObject({ id: z.uuid() });
export const substitution = z
  .strictObject({
    id: z.uuid(),
    absentNo: employeeNo,
    substituteNo: employeeNo,
    validFrom: time,
    validTo: time,
    createdBy: actor,
    createdAt: time,
    endedAt: time.nullable(),
    endedBy: actor.nullable(),
  })
  .meta({ id: 'Substitution', description: 'In force from `validFrom` until `validTo` or `endedAt`, whichever comes first' });
export type SubstitutionJson = z.output<typeof substitution>;
