import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { shanghaiDay, type Day } from '#domain/calendar.ts';
import { ageOn } from '#domain/policy/age.ts';
import type { PersonType } from '#domain/policy/rulebook.ts';
import { listAccounts, findEmployee, type EmployeeRow } from '#prisma/queries/employees.ts';
import { readYear } from '#prisma/queries/entitlements.ts';
import { findUnitSettings } from '#prisma/queries/units.ts';
import { headers, responses } from '../contract/common.ts';
import { employeeParams } from '../contract/employees.ts';
import { estimate, estimateRequest, personEstimateRequest } from '../contract/estimates.ts';
import { estimateFor, estimateOf, type KnownPerson } from '../estimate.ts';
import { recordLookAt } from '../look.ts';
import { lookedAt, mayTouch } from './employees.ts';

const REFUSALS = ['PLAN_UNKNOWN', 'AMOUNT_INVALID', 'HOSPITAL_UNKNOWN', 'ITEM_CLASS_REQUIRED', 'DATES_OUT_OF_ORDER'] as const;

/** 预估: what a claim would be paid and what would be refused, before anybody submits it. */
export const estimateRoutes: FastifyPluginAsyncZod = async (app) => {
  const { policies, clock } = app.deps;

  app.post(
    '/v1/estimates',
    {
      config: { access: 'claims:read', action: { none: 'names nobody, reads nothing that is kept and stores nothing' } },
      schema: {
        tags: ['claims'],
        summary: 'What would be paid, and why the rest would not',
        description:
          'By the rulebook of the insured region, and the catalogue that it names, on the first day of treatment. Nothing is stored. Where no rulebook answers, `covered` is false and a person decides.',
        headers: headers(),
        body: estimateRequest,
        response: responses({ 200: estimate }, { with: 'body', codes: REFUSALS }),
      },
    },
    async (request, reply) => {
      const told = estimateOf(request.body, policies, shanghaiDay(clock()));
      return told.ok ? told.estimate : reply.refuse(told);
    },
  );

  app.post(
    '/v1/employees/:employeeNo/estimates',
    {
      config: { access: 'claims:read', action: 'claim.estimate' },
      schema: {
        tags: ['claims'],
        summary: 'What somebody would be paid, and why the rest would not',
        description:
          'The same for an employee: insured region, scheme, age, plan and documents on file are those of the record, and what the other claims of the year have used up counts, as far as the caller may see them. An age that the record does not have leaves the amount open.',
        headers: headers(),
        params: employeeParams,
        body: personEstimateRequest,
        response: responses({ 200: estimate }, { with: 'body', codes: ['FORBIDDEN', ...REFUSALS] }),
      },
    },
    async (request, reply) => {
      const allowed = mayTouch(request, 'claim.estimate', await findEmployee(request.db, { employeeNo: request.params.employeeNo }));
      if (!allowed.ok) return reply.refuse(allowed);
      await recordLookAt(request, 'employee.estimate', [lookedAt(allowed.employee)]);
      const person = await knownPerson(request, allowed.employee, request.body.visit.start);
      const told = estimateFor(request.body, person, policies, shanghaiDay(clock()));
      return told.ok ? told.estimate : reply.refuse(told);
    },
  );
};

/** What the records say of somebody who is treated from `day` on. */
async function knownPerson({ db }: FastifyRequest, employee: EmployeeRow, day: Day): Promise<KnownPerson> {
  const { id: employeeId, identityNo, insuredRegion, insuranceType, unitId } = employee;
  const [accounts, { plan }, earlier] = await Promise.all([
    listAccounts(db, { employeeId }),
    findUnitSettings(db, { unitId }),
    readYear(db, { employeeId, year: Number(day.slice(0, 4)) }),
  ]);
  return {
    ...{ insuredRegion, scheme: insuranceType, personType: employee.personType as PersonType, plan, earlier },
    age: (identityNo === null ? undefined : ageOn(identityNo, day)) ?? null,
    onFile: { identity: identityNo !== null, account: accounts.some(({ replacedAt }) => replacedAt === null) },
  };
}
