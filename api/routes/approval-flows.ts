import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { findOverlap, inForce, type ApprovalFlow } from '#domain/approval/flow.ts';
import { refuse } from '#domain/errors.ts';
import { employeeNumbers, findColleagues, insertFlow, listFlows, readUnitFlows } from '#prisma/queries/approval-reading.ts';
import { audit } from '#prisma/queries/audit.ts';
import { findUnit, lockUnit } from '#prisma/queries/units.ts';
import { flowFromJson, flowToJson, namedInAll, numbersIn } from '../approval-flow-json.ts';
import { approvalFlow, approvalFlowPage, approvalFlowQuery, newApprovalFlow } from '../contract/approval.ts';
import { headers, responses } from '../contract/common.ts';
import { unitParams } from '../contract/units.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['directory'];
const position = z.strictObject({ name: z.string(), version: z.int() });

/** 审批流: which of the employer's own people a unit's claims pass before the bureau. */
export const approvalFlowRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock } = app.deps;

  app.get(
    '/v1/units/:code/approval-flows',
    {
      config: { access: 'directory:read', action: 'approval-flow.read' },
      schema: {
        tags,
        summary: 'Approval flows of a unit, all versions',
        description: 'The unit’s own, by name and the newest first. For claims that none of them is meant for, those of the nearest unit above count.',
        headers: headers(),
        params: unitParams,
        querystring: approvalFlowQuery,
        response: responses({ 200: approvalFlowPage }, { codes: ['CURSOR_INVALID', 'FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, name } = request.query;
      const read = readCursor(position, cursor);
      if (!read.ok) return reply.refuse(read);
      const unit = await findUnit(request.db, { code: request.params.code });
      if (!unit) return reply.refuse(refuse('NOT_FOUND'));
      const allowed = request.may('approval-flow.read', { unitAncestors: unit.ancestorIds });
      if (!allowed.ok) return reply.refuse(allowed);
      const rows = await listFlows(request.db, { unitId: unit.id, name, after: read.after, limit: limit + 1 });
      const current = new Set(inForce(await readUnitFlows(request.db, unit.id), clock()).map(({ id }) => id));
      const noOf = await employeeNumbers(request.db, namedInAll(rows));
      return pageFrom(rows, {
        limit,
        item: (row) => flowToJson(row, { inForce: current.has(row.id) && row.steps.length > 0, noOf }),
        position: (row) => ({ name: row.name, version: row.version }),
      });
    },
  );

  app.post(
    '/v1/units/:code/approval-flows',
    {
      config: { access: 'directory:write', action: 'approval-flow.write' },
      schema: {
        tags,
        summary: 'Add a version of an approval flow',
        description: 'It counts for claims submitted from `validFrom` on; claims that are under way keep the version that they have taken.',
        headers: headers('idempotency-key'),
        params: unitParams,
        body: newApprovalFlow,
        response: responses(
          { 201: approvalFlow },
          { with: 'key', codes: ['FORBIDDEN', 'VERSION_MISMATCH', 'EMPLOYEE_UNKNOWN', 'AMOUNT_INVALID', 'DATES_OUT_OF_ORDER', 'APPROVAL_FLOWS_OVERLAP'] },
        ),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { name, basedOn, ...json } = request.body;
        const at = clock();
        // one after the other: two versions at once would each be free of overlaps, and together not
        const unit = await lockUnit(tx, { code: request.params.code });
        if (!unit) return refuse('NOT_FOUND');
        const allowed = request.may('approval-flow.write', { unitAncestors: unit.ancestorIds });
        if (!allowed.ok) return allowed;
        const validFrom = json.validFrom === undefined ? at : new Date(json.validFrom);
        // what claims under way have been submitted under stays as it was
        if (validFrom < at) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'validFrom' } });
        const flows = await readUnitFlows(tx, unit.id);
        const newest = Math.max(0, ...flows.filter((flow) => flow.name === name).map(({ version }) => version));
        if (newest !== basedOn) return refuse('VERSION_MISMATCH', { params: { version: newest } });
        const definition = flowFromJson(request.body, await findColleagues(tx, numbersIn(request.body)));
        if (!definition.ok) return definition;
        const other = definition.steps.length === 0 ? null : findOverlap(definition, besideIt(flows, { name, validFrom }));
        if (other) return refuse('APPROVAL_FLOWS_OVERLAP', { params: { name: other.name } });
        const { ok: _, ...rest } = definition;
        const row = await insertFlow(tx, { ...rest, unitId: unit.id, name, version: newest + 1, validFrom, createdBy: request.actor, at });
        await audit(tx, { unitId: unit.id, at, actor: request.actor, action: 'approval-flow-added', detail: { flowId: row.id, version: row.version } });
        const noOf = await employeeNumbers(tx, namedInAll([row]));
        const counts = inForce([...flows, row], at).some(({ id }) => id === row.id);
        return { ok: true, status: 201, body: flowToJson(row, { inForce: counts && row.steps.length > 0, noOf }) };
      }),
  );
};

/** What will be in force beside a version that begins then: the other flows as they are at that moment, and whatever begins later. */
function besideIt(flows: readonly ApprovalFlow[], { name, validFrom }: { name: string; validFrom: Date }): ApprovalFlow[] {
  const others = flows.filter((flow) => flow.name !== name);
  const later = others.filter((flow) => flow.validFrom > validFrom && inForce(others, flow.validFrom).includes(flow));
  return [...inForce(others, validFrom), ...later].filter(({ steps }) => steps.length > 0);
}
