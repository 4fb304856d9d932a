import { z } from 'zod';
import { employeeNo, flag, line, pageQuery, region, time, unitCode, yuan } from './common.ts';

export const employeeParams = z.strictObject({ employeeNo });
export const employeeQuery = z.strictObject({
  ...pageQuery,
  unitCode: unitCode.optional().meta({ description: 'The unit and everything below it' }),
  active: flag.optional(),
});

const visible = (max: number) => z.string().regex(new RegExp(`^[\\x21-\\x7e]{1,${max}}$`));

const fields = {
  unitCode,
  name: line(60),
  email: z.email().max(200).nullable(),
  phone: z
    .string()
    .regex(/^\+?[0-9 -]{5,25}$/)
    .nullable(),
  locale: z.enum(['zh-CN', 'en']),
  personNo: visible(30).nullable().meta({ description: '人员编号 at the bureau (psn_no)' }),
  identityNo: visible(30).nullable().meta({ description: 'Identity document; answers show it masked' }),
  insuredRegion: region,
  personType: z.enum(['11', '12']).meta({ description: '11 in service, 12 retired' }),
  insuranceType: z.enum(['310', '330', '370', '390']),
};

export const newEmployee = z
  .strictObject({
    employeeNo,
    ...fields,
    email: fields.email.default(null),
    phone: fields.phone.default(null),
    locale: fields.locale.default('zh-CN'),
    personNo: fields.personNo.default(null),
    identityNo: fields.identityNo.default(null),
    personType: fields.personType.default('11'),
    insuranceType: fields.insuranceType.default('310'),
  })
  .meta({ id: 'NewEmployee' });

export const employeePatch = z
  .strictObject({ ...fields, active: z.boolean() })
  .partial()
  .meta({ id: 'EmployeePatch', description: '`unitCode` transfers the employee; open claims stay with the unit that they were made in' });

export const employee = z
  .strictObject({
    employeeNo,
    unitCode,
    name: z.string(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    locale: z.string(),
    personNo: z.string().nullable(),
    identityNo: z.string().nullable().meta({ description: 'All but the last four characters masked' }),
    insuredRegion: region,
    personType: z.string(),
    insuranceType: z.string(),
    active: z.boolean(),
    erased: z.boolean().meta({ description: 'Identity number, phone and everything medical were erased for good' }),
    version: z.int(),
    createdAt: time,
  })
  .meta({ id: 'Employee' });

export const newAccount = z
  .strictObject({
    holderName: line(60).meta({ description: "Must be the employee's own name" }),
    accountNo: z.string().regex(/^[0-9A-Za-z-]{6,32}$/),
    bankName: line(50),
    bankCode: z
      .string()
      .regex(/^\d{12}$/)
      .meta({ description: 'Clearing number (联行号), 12 digits' }),
  })
  .meta({ id: 'NewAccount' });

export const account = z
  .strictObject({
    id: z.uuid(),
    holderName: z.string(),
    accountNo: z.string().meta({ description: 'All but the last four characters masked' }),
    bankName: z.string(),
    bankCode: z.string(),
    createdAt: time,
    replacedAt: time.nullable(),
  })
  .meta({ id: 'Account', description: 'The one that was not replaced is paid to' });
export const accounts = z.strictObject({ items: z.array(account) }).meta({ id: 'Accounts' });

export const quotaParams = z.strictObject({
  employeeNo,
  year: z
    .string()
    .regex(/^20\d{2}$/)
    .transform(Number),
});
export const quotaLimit = z.strictObject({ limit: yuan }).meta({ id: 'QuotaLimit' });
export const quota = z
  .strictObject({ year: z.int(), limit: yuan, reserved: yuan, used: yuan, available: yuan, version: z.int() })
  .meta({ id: 'Quota', description: '`reserved` is held by open claims' });

/** `6222020402001234567` → `***************4567`; what has four characters or fewer is masked whole. */
export function masked(text: string): string {
  return text.length <= 4 ? '*'.repeat(text.length) : '*'.repeat(text.length - 4) + text.slice(-4);
}
