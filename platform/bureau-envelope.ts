import { z } from 'zod';
import { compactTime, shanghaiTime, type Acknowledgement } from './gateway-fields.ts';
import type { Institution } from './gateways.ts';
import { parseStorableJson } from './storable-json.ts';

/** The national envelope (docs/gateways.md), both ways. */
const SYSTEM = { code: 'DAOZHANG', clerk: 'daozhang', clerkName: '到账' } as const;
const MAX_TEXT = 200;

export function encodeRequest(request: {
  infno: string;
  messageId: string;
  institution: Institution;
  treatedRegion: string;
  insuredRegion: string;
  signNo: string;
  at: Date;
  input: Record<string, unknown>;
}): string {
  return JSON.stringify({
    infno: request.infno,
    msgid: request.messageId,
    mdtrtarea_admvs: request.treatedRegion,
    insuplc_admdvs: request.insuredRegion,
    recer_sys_code: SYSTEM.code,
    signtype: 'SM3',
    infver: 'V1.0',
    opter_type: '1',
    opter: SYSTEM.clerk,
    opter_name: SYSTEM.clerkName,
    inf_time: shanghaiTime(request.at),
    fixmedins_code: request.institution.code,
    fixmedins_name: request.institution.name,
    sign_no: request.signNo,
    input: request.input,
  });
}

const response = z.object({
  infcode: z.union([z.literal([0, '0']).transform(() => 0 as const), z.literal([-1, '-1']).transform(() => -1 as const)]),
  err_msg: z.string().nullish(),
  output: z.unknown().optional(),
});

/** `refused.code` is what stands in brackets before the text, null where nothing does. */
export type GatewayReply = { kind: 'output'; output: unknown } | { kind: 'refused'; code: string | null; text: string } | { kind: 'unreadable'; why: string };

export function decodeResponse(raw: Uint8Array): GatewayReply {
  const json = parseStorableJson(raw);
  if (!json.ok) return { kind: 'unreadable', why: json.why };
  const parsed = response.safeParse(json.value);
  if (!parsed.success) return { kind: 'unreadable', why: 'not a response envelope' };
  if (parsed.data.infcode === 0) return { kind: 'output', output: parsed.data.output };
  const [, code = null, text = ''] = /^(?:\[([0-9A-Za-z-]{1,40})\]\s*)?([^]*)$/.exec(parsed.data.err_msg ?? '') ?? [];
  return { kind: 'refused', code, text: text.slice(0, MAX_TEXT) };
}

/** The envelope that answers a callback. `refusal` tells the sender why it was not taken; `messageId` is null where it did not say who it was. */
export function acknowledgeBureauCallback(input: { messageId: string | null; at: Date; refusal?: string }): Acknowledgement {
  const time = compactTime(input.at, 'milliseconds');
  const envelope = {
    infcode: input.refusal === undefined ? 0 : -1,
    inf_refmsgid: input.messageId ?? '',
    refmsg_time: time,
    respond_time: time,
    err_msg: input.refusal === undefined ? '' : `[DZ-FORMAT] ${input.refusal}`.slice(0, MAX_TEXT),
    output: {},
  };
  return { mediaType: 'application/json; charset=utf-8', body: JSON.stringify(envelope) };
}
