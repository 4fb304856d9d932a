import type { Actor } from '#domain/claim/actor.ts';
import { renderRemark } from '#domain/claim/remarks.ts';
import { stageOf } from '#domain/claim/states.ts';
import { formatYuan, type Fen } from '#domain/money.ts';
import type { Gateways } from '#platform/gateways.ts';
import { MEDIA_TYPES } from '#platform/media-type.ts';
import type { ClaimRow, ClaimSummaryRow, EventRow } from '#prisma/queries/claim-reading.ts';
import type { Attached, Claim, ClaimSummary } from './contract/claims.ts';

/** How rows become the JSON of the contract: yuan as decimal strings, times as RFC 3339. */
export const rfc3339 = (at: Date | null): string | null => at?.toISOString() ?? null;
export const yuanOrNull = (amount: Fen | null): string | null => (amount === null ? null : formatYuan(amount));

export function summaryToJson(row: ClaimSummaryRow): ClaimSummary {
  const { stage, note, ended } = stageOf(row);
  return {
    ...{ number: row.number, version: row.seq, state: row.state, stage, note, ended },
    ...{ kind: row.kind as ClaimSummary['kind'], source: row.source, unitCode: row.unitCode, employeeNo: row.employeeNo },
    ...{ insuredRegion: row.insuredRegion, treatedRegion: row.treatedRegion, bureauCode: row.bureauCode },
    ...{ onHold: row.onHold, escalationLevel: row.escalationLevel, turn: row.turn, turnSince: rfc3339(row.turnSince) },
    ...{ dueAt: rfc3339(row.dueAt), dueProvisional: row.dueProvisional },
    ...{ submittedAmount: formatYuan(row.submittedFen), approvedAmount: yuanOrNull(row.approvedFen) },
    ...{ payableAmount: yuanOrNull(row.payableFen), paidAmount: formatYuan(row.paidFen) },
    ...{ createdAt: row.createdAt.toISOString(), submittedAt: rfc3339(row.submittedAt), updatedAt: row.updatedAt.toISOString() },
    ...{ clearedAt: rfc3339(row.clearedAt), closedAt: rfc3339(row.closedAt) },
  };
}

/** `medical` is hidden from those who keep things going and have no business with what somebody is ill of. */
export function claimToJson(row: ClaimRow, medical: Claim['medical'] = 'shown'): Claim {
  return {
    ...summaryToJson(row),
    ...(medical === 'shown' ? medicalToJson(row) : NOTHING_MEDICAL),
    medical,
    priorClaim: row.priorClaim,
    resubmissionNo: row.resubmissionNo,
    createdBy: actorToJson(row.createdBy),
  };
}

type Medical = Pick<Claim, 'circumstances' | 'hospital' | 'visit' | 'diagnoses' | 'lines' | 'invoices' | 'documents'>;
const NOTHING_MEDICAL: Medical = { circumstances: [], hospital: null, visit: null, diagnoses: null, lines: [], invoices: [], documents: [] };

function medicalToJson(row: ClaimRow): Medical {
  return {
    circumstances: row.circumstances,
    hospital: { code: row.hospitalCode, name: row.hospitalName },
    visit: { no: row.visitNo, start: row.visitStart, end: row.visitEnd },
    diagnoses: row.diagnoses,
    lines: row.lines.map(({ unitPriceFen, amountFen, ...line }) => ({ ...line, unitPrice: formatYuan(unitPriceFen), amount: formatYuan(amountFen) })),
    invoices: row.invoices.map(({ amountFen, ...invoice }) => ({ ...invoice, amount: formatYuan(amountFen) })),
    documents: row.documents.map(attachedToJson),
  };
}

export function attachedToJson({ addedAt, mediaType, ...document }: ClaimRow['documents'][number]): Attached {
  const known = MEDIA_TYPES.find((type) => type === mediaType);
  if (!known) throw new Error(`a document of the unknown type ${mediaType}`);
  const { documentId, fileName, sizeBytes, replacedBy } = document;
  return { documentId, kind: document.kind as Attached['kind'], fileName, mediaType: known, sizeBytes, addedAt: addedAt.toISOString(), replacedBy };
}

/** Without what a row may keep beside it for our own use. */
export function actorToJson(actor: Actor): Claim['createdBy'] {
  const { type, id } = actor;
  if (type !== 'person') return { type, id };
  const { onBehalfOf, via } = actor;
  return { type, id, ...(onBehalfOf !== undefined && { onBehalfOf }), ...(via !== undefined && { via }) };
}

export function remarkToJson({ remark, remarkParams }: Pick<EventRow, 'remark' | 'remarkParams'>): { zh: string; en: string } {
  return { zh: renderRemark(remark, remarkParams, 'zh'), en: renderRemark(remark, remarkParams, 'en') };
}

/** Names of bureaus and banks by code. */
export type GatewayNames = (code: string) => { zh: string; en: string } | undefined;
export function gatewayNames({ bureaus, banks }: Gateways): GatewayNames {
  const names = new Map([...bureaus, ...banks].map((gateway) => [gateway.code, gateway.name]));
  return (code) => names.get(code);
}
