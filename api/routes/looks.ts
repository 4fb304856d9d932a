import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { findEmployee } from '#prisma/queries/employees.ts';
import { listLooks } from '#prisma/queries/looks.ts';
import { actorToJson } from '../claim-json.ts';
import { headers, responses } from '../contract/common.ts';
import { employeeParams } from '../contract/employees.ts';
import { lookQuery, looks } from '../contract/inspections.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { recordLookAt } from '../look.ts';
import { lookedAt, mayTouch } from './employees.ts';

/** Who looked at somebody's data: for the person herself, and for auditors. */
export const lookRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/v1/employees/:employeeNo/looks',
    {
      config: { access: 'directory:read', action: 'look.read', actor: 'required' },
      schema: {
        tags: ['directory'],
        summary: 'Who looked at the data of an employee, newest first',
        headers: headers(),
        params: employeeParams,
        querystring: lookQuery,
        response: responses({ 200: looks }, { codes: ['FORBIDDEN', 'CURSOR_INVALID', 'ACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const read = readCursor(z.int().positive(), cursor);
      if (!read.ok) return reply.refuse(read);
      const allowed = mayTouch(request, 'look.read', await findEmployee(request.db, { employeeNo: request.params.employeeNo }));
      if (!allowed.ok) return reply.refuse(allowed);
      await recordLookAt(request, 'employee.looks', [lookedAt(allowed.employee)]);
      const rows = await listLooks(request.db, { employeeId: allowed.employee.id, before: read.after, limit: limit + 1 });
      return pageFrom(rows, {
        limit,
        item: ({ at, actor, reader, readerUnit, what, claim }) => ({
          at: at.toISOString(),
          actor: actorToJson(actor),
          reader,
          readerUnit,
          what,
          claimNumber: claim,
        }),
        position: ({ id }) => id,
      });
    },
  );
};
