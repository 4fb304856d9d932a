import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { shanghaiDay } from '#domain/calendar.ts';
import type { ConsentPurpose } from '#domain/consent/purposes.ts';
import { textInForce } from '#domain/consent/texts.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import type { Action } from '#domain/org/can.ts';
import type { Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { readClaimContext, type Clockwork } from '#prisma/queries/claim-context.ts';
import { recordMove } from '#prisma/queries/claim-moves.ts';
import { insertConsent, listConsents, listOpenClaimsOf, type ConsentEvidence, type OpenClaimOfPerson } from '#prisma/queries/consents.ts';
import { findEmployee, lockEmployee, type EmployeeRow } from '#prisma/queries/employees.ts';
import { writeWorkflowCommand } from '#prisma/queries/workflow-commands.ts';
import { consentChanged } from '#workflows/claim.messages.ts';
import { usableDocuments } from '../claim-door.ts';
import { openClaimsOfPerson } from '../claims-of-person.ts';
import { consentsToJson, effectsToJson, textAgreedTo, textsToJson } from '../consent-json.ts';
import { headers, responses } from '../contract/common.ts';
import { consentParams, consents, consentTexts, consentWithdrawal, consentWithdrawn, newConsent } from '../contract/consents.ts';
import { employeeParams } from '../contract/employees.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['consent'];
const REFUSALS = ['FORBIDDEN', 'ACTOR_REQUIRED', 'CONSENT_EVIDENCE_REQUIRED', 'DOCUMENT_UNKNOWN', 'DATE_IN_FUTURE'] as const;

type Paper = { documentId: string; signedOn: string } | undefined;

/** 同意: what a person has agreed to, and takes back. HR records what was signed on paper; nobody consents for somebody else. */
export const consentRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, clockwork, gateways } = app.deps;

  app.get(
    '/v1/consents/texts',
    {
      config: { access: 'claims:read', action: { none: 'the same words for everybody' } },
      schema: { tags, summary: 'The wording in force', headers: headers(), response: responses({ 200: consentTexts }) },
    },
    async () => textsToJson({ gateways, now: clock() }),
  );

  app.get(
    '/v1/employees/:employeeNo/consents',
    {
      config: { access: 'claims:read', action: 'consent.read' },
      schema: {
        tags,
        summary: 'What a person has consented to, and what taking it back would do',
        headers: headers(),
        params: employeeParams,
        response: responses({ 200: consents }, { codes: ['FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const found = allowed(request, 'consent.read', await findEmployee(request.db, request.params));
      if (!found.ok) return reply.refuse(found);
      const { employee } = found;
      return request.db.write(async (tx) => {
        const { seen, elsewhere } = await openClaims(tx, employee);
        return consentsToJson({ rows: await listConsents(tx, { employeeId: employee.id }), claims: seen, elsewhere, now: clock() });
      });
    },
  );

  app.post(
    '/v1/employees/:employeeNo/consents',
    {
      config: { access: 'claims:write', action: 'consent.write', actor: 'required' },
      schema: {
        tags,
        summary: 'Consent to one purpose',
        description: 'By the person herself; or by HR, with the paper that she signed. Claims that waited for it go on.',
        headers: headers('idempotency-key'),
        params: employeeParams,
        body: newConsent,
        response: responses({ 201: consents }, { with: 'key', codes: [...REFUSALS, 'CONSENT_TEXT_OUTDATED', 'ALREADY_EXISTS'] }),
      },
    },
    async (request, reply) => {
      const { purpose, textVersion, paper } = request.body;
      return withIdempotency(request, reply, async (tx) => {
        const said = await hear(tx, request, paper);
        if (!said.ok) return said;
        const { employee, evidence, at } = said;
        const text = textInForce(purpose, shanghaiDay(at));
        if (text.version !== textVersion) return refuse('CONSENT_TEXT_OUTDATED', { params: { textVersion: text.version } });
        const last = (await listConsents(tx, { employeeId: employee.id })).findLast((row) => row.purpose === purpose);
        if (last?.kind === 'GIVEN' && last.textVersion === text.version) return refuse('ALREADY_EXISTS');
        await insertConsent(tx, { employeeId: employee.id, kind: 'GIVEN', text, evidence, actor: request.actor, at });
        const { all, seen, elsewhere } = await openClaims(tx, employee);
        await tellClaims(tx, all);
        await record(tx, request, { employee, action: 'consent-given', purpose, textVersion, at });
        const rows = await listConsents(tx, { employeeId: employee.id });
        return { ok: true, status: 201, body: consentsToJson({ rows, claims: seen, elsewhere, now: at }) };
      });
    },
  );

  app.post(
    '/v1/employees/:employeeNo/consents/:purpose/withdraw',
    {
      config: { access: 'claims:write', action: 'consent.write', actor: 'required' },
      schema: {
        tags,
        summary: 'Withdraw a consent',
        description:
          'As easily as it was given. `effects` says what becomes of each open claim that the caller sees, `elsewhere` how many more it reaches; GET says the same before.',
        headers: headers('idempotency-key'),
        params: consentParams,
        body: consentWithdrawal,
        response: responses({ 200: consentWithdrawn }, { with: 'key', codes: [...REFUSALS, 'CONSENT_MISSING'] }),
      },
    },
    async (request, reply) => {
      const { purpose } = request.params;
      // before the transaction, which must not wait for a second connection
      const terms = await clockwork();
      return withIdempotency(request, reply, async (tx) => {
        const said = await hear(tx, request, request.body?.paper);
        if (!said.ok) return said;
        const { employee, evidence, at } = said;
        const last = (await listConsents(tx, { employeeId: employee.id })).findLast((row) => row.purpose === purpose);
        if (last?.kind !== 'GIVEN') return refuse('CONSENT_MISSING', { params: { purposes: [purpose] } });
        await insertConsent(tx, { employeeId: employee.id, kind: 'WITHDRAWN', text: textAgreedTo(last), evidence, actor: request.actor, at });
        const { all, seen, elsewhere } = await openClaims(tx, employee);
        const drafts = effectsToJson(purpose, all)
          .filter(({ state, effect }) => state === 'DRAFT' && effect === 'WITHDRAWN')
          .map(({ claim }) => claim);
        for (const number of drafts) await withdrawDraft(tx, request, { number, at, terms });
        await tellClaims(tx, all);
        await record(tx, request, { employee, action: 'consent-withdrawn', purpose, textVersion: last.textVersion, at });
        const rows = await listConsents(tx, { employeeId: employee.id });
        return { ok: true, status: 200, body: { ...consentsToJson({ rows, claims: seen, elsewhere, now: at }), effects: effectsToJson(purpose, seen) } };
      });
    },
  );

  /** Who speaks for the person, and with what proof. The employee stays locked, so that the last word is the last row. */
  async function hear(
    tx: Tx,
    request: FastifyRequest<{ Params: { employeeNo: string } }>,
    paper: Paper,
  ): Promise<{ ok: true; employee: EmployeeRow; evidence: ConsentEvidence; at: Date } | Refusal> {
    const at = clock();
    const found = allowed(request, 'consent.write', await lockEmployee(tx, { employeeNo: request.params.employeeNo }));
    if (!found.ok) return found;
    const { employee } = found;
    const herself = request.person?.employeeId === employee.id;
    if (herself)
      return paper
        ? refuse('VALIDATION_FAILED', { detail: 'what is signed on paper is recorded by HR' })
        : { ok: true, employee, evidence: { how: 'SELF' }, at };
    if (!paper) return refuse('CONSENT_EVIDENCE_REQUIRED');
    if (paper.signedOn > shanghaiDay(at)) return refuse('DATE_IN_FUTURE', { params: { path: 'paper.signedOn' } });
    const usable = await usableDocuments(tx, request, [paper.documentId]);
    return usable.ok ? { ok: true, employee, evidence: { how: 'PAPER', ...paper }, at } : usable;
  }
};

/** The employee whose consents the caller may read or write. */
function allowed(
  request: FastifyRequest,
  action: Extract<Action, `consent.${string}`>,
  employee: EmployeeRow | undefined,
): { ok: true; employee: EmployeeRow } | Refusal {
  if (!employee) return refuse('NOT_FOUND');
  const may = request.may(action, { unitAncestors: employee.unitAncestors, employeeId: employee.id });
  return may.ok ? { ok: true, employee } : may;
}

/** All open claims of the person, which a change reaches; `elsewhere` are those that the caller does not see. */
async function openClaims(tx: Tx, { id: employeeId }: EmployeeRow): Promise<{ all: OpenClaimOfPerson[]; seen: OpenClaimOfPerson[]; elsewhere: number }> {
  const sees = await openClaimsOfPerson(tx, { employeeId });
  const all = await listOpenClaimsOf(tx, { employeeId });
  const seen = all.filter(({ number }) => sees(number));
  return { all, seen, elsewhere: all.length - seen.length };
}

/** The workflow of each claim asks Postgres what the change means for it. A draft has none. */
async function tellClaims(tx: Tx, claims: readonly OpenClaimOfPerson[]): Promise<void> {
  for (const { number, state } of claims) {
    if (state !== 'DRAFT') await writeWorkflowCommand(tx, { claimNumber: number, kind: 'SIGNAL', signal: consentChanged.name });
  }
}

async function withdrawDraft(tx: Tx, request: FastifyRequest, { number, at, terms }: { number: string; at: Date; terms: Clockwork }): Promise<void> {
  const claim = await readClaimContext(tx, number, { lock: true });
  if (claim?.head.state !== 'DRAFT') return;
  await recordMove(tx, claim, { type: 'WITHDRAWN', to: 'WITHDRAWN', at, actor: request.actor, patch: { closedAt: at } }, terms);
}

function record(
  tx: Tx,
  request: FastifyRequest,
  { employee, action, purpose, textVersion, at }: { employee: EmployeeRow; action: string; purpose: ConsentPurpose; textVersion: string; at: Date },
): Promise<void> {
  return audit(tx, { unitId: employee.unitId, at, actor: request.actor, action, detail: { employeeId: employee.id, purpose, textVersion } });
}
