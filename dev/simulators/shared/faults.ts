import { z } from 'zod';

/**
 * A fault switch. It matches when every one of `on`, `key`, `account`, `bureau` that it names is equal; it is used up
 * after `count` uses, or lasts until it is cleared.
 *
 * On requests: `slow` (waits `ms`), `429`, `5xx` (nothing is done, unless `commit`), `wrong-signature` (answers 401),
 * `garbage` (does the work, answers nonsense), `commit-then-timeout` (does the work, then silence, or a cut connection
 * with `cut`), `reject` (with `code`).
 * On callbacks: `lost` (never sent), `late` (by `ms`), `repeated` (`times` more; `altered`: with another body each
 * time), `out-of-order` (held until the next one has gone, or for `ms`), `wrong-signature`, `garbage`.
 * On the bank's instructions: `processing` (in flight as `code` until released), `wrong-amount` (books `amount`;
 * `reportOnly`: books right and says wrong), `reject` (`FAIL` with reason `code`; a code of four digits refuses the order),
 * `return-after-success` (after `ms`, reason `code`).
 */
export const FaultRequest = z.strictObject({
  mode: z.enum([
    'slow',
    '429',
    '5xx',
    'wrong-signature',
    'garbage',
    'commit-then-timeout',
    'reject',
    'lost',
    'late',
    'repeated',
    'out-of-order',
    'processing',
    'wrong-amount',
    'return-after-success',
  ]),
  /** An `infno`, or the name of a bank's transaction or notice. */
  on: z.string().optional(),
  /** A claim's `corr_id`, or a transfer's `TRNUID`. */
  key: z.string().optional(),
  /** The payee's account. */
  account: z.string().optional(),
  bureau: z.string().optional(),
  count: z.int().positive().optional(),
  ms: z.int().nonnegative().optional(),
  times: z.int().positive().optional(),
  code: z.string().optional(),
  amount: z.string().optional(),
  commit: z.boolean().optional(),
  cut: z.boolean().optional(),
  altered: z.boolean().optional(),
  reportOnly: z.boolean().optional(),
});
export type FaultRequest = z.infer<typeof FaultRequest>;
export type FaultMode = FaultRequest['mode'];
export type Fault = FaultRequest & { id: number };

/** What a fault is asked about: where we are, and whom it concerns. */
export type Target = { on: string; keys?: string[]; account?: string | undefined; bureau?: string | undefined };

export type FaultEntry = { kind: 'fault-set'; fault: Fault } | { kind: 'fault-used'; id: number; target: Target } | { kind: 'fault-cleared'; id?: number };

export type Faults = {
  apply(entry: FaultEntry): void;
  set(request: FaultRequest): Fault;
  /** Without an id: all. */
  clear(id?: number): void;
  list(): { fault: Fault; used: number }[];
  /** The first switch of this mode that matches, with one use taken from its count. */
  take(mode: FaultMode, target: Target): Fault | undefined;
};

/** Fault switches live in the ledger, so that a killed simulator comes back as faulty as it was. */
export function createFaults(record: (entry: FaultEntry) => void): Faults {
  let last = 0;
  const switches = new Map<number, { fault: Fault; used: number }>();
  return {
    apply(entry) {
      if (entry.kind === 'fault-set') {
        last = Math.max(last, entry.fault.id);
        switches.set(entry.fault.id, { fault: entry.fault, used: 0 });
      } else if (entry.kind === 'fault-used') {
        const found = switches.get(entry.id);
        if (found) found.used += 1;
      } else if (entry.id === undefined) switches.clear();
      else switches.delete(entry.id);
    },
    set(request) {
      const fault = { ...request, id: last + 1 };
      record({ kind: 'fault-set', fault });
      return fault;
    },
    clear: (id) => record(id === undefined ? { kind: 'fault-cleared' } : { kind: 'fault-cleared', id }),
    list: () => [...switches.values()],
    take(mode, target) {
      for (const { fault, used } of switches.values()) {
        if (fault.mode !== mode || !matches(fault, target)) continue;
        if (fault.count !== undefined && used >= fault.count) continue;
        record({ kind: 'fault-used', id: fault.id, target });
        return fault;
      }
      return undefined;
    },
  };
}

function matches(fault: Fault, target: Target) {
  return (
    (fault.on === undefined || fault.on === target.on) &&
    (fault.key === undefined || (target.keys ?? []).includes(fault.key)) &&
    (fault.account === undefined || fault.account === target.account) &&
    (fault.bureau === undefined || fault.bureau === target.bureau)
  );
}
