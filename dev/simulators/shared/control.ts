import { z } from 'zod';
import { businessNow, type Clock, shanghaiTime } from './clock.ts';
import { FaultRequest, type Faults } from './faults.ts';
import { ControlError, type ControlRoute } from './http.ts';
import type { Ledger } from './ledger.ts';
import type { Outbox } from './outbox.ts';

/** The part of the control API that both simulators share. */
export function sharedRoutes<Fields extends { kind: string }>(options: {
  ledger: Ledger<Fields>;
  faults: Faults;
  outbox: Outbox;
  clock: Clock;
  setClock: (offsetMs: number) => void;
}): ControlRoute[] {
  const { ledger, faults, outbox, clock } = options;
  const clockNow = () => ({ offsetMs: clock.offsetMs, now: shanghaiTime(businessNow(clock)) });
  return [
    { method: 'GET', path: '/_control/health', run: () => ({ ok: true }) },
    {
      method: 'GET',
      path: '/_control/ledger',
      async run({ query }) {
        const kind = query.get('kind');
        const after = Number(query.get('after') ?? '0');
        const entries = await ledger.read();
        return { entries: entries.filter((entry) => entry.n > after && (kind === null || entry.kind === kind)) };
      },
    },
    { method: 'GET', path: '/_control/callbacks', run: () => ({ callbacks: outbox.list() }) },
    { method: 'GET', path: '/_control/faults', run: () => ({ faults: faults.list() }) },
    { method: 'POST', path: '/_control/faults', run: ({ body }) => faults.set(FaultRequest.parse(body)) },
    {
      method: 'DELETE',
      path: '/_control/faults',
      run() {
        faults.clear();
        return {};
      },
    },
    {
      method: 'DELETE',
      path: '/_control/faults/:id',
      run({ params }) {
        const id = Number(params['id']);
        if (!faults.list().some(({ fault }) => fault.id === id)) throw new ControlError(404, 'no such fault switch');
        faults.clear(id);
        return {};
      },
    },
    { method: 'GET', path: '/_control/clock', run: clockNow },
    {
      method: 'PUT',
      path: '/_control/clock',
      run({ body }) {
        options.setClock(z.strictObject({ offsetMs: z.int() }).parse(body).offsetMs);
        return clockNow();
      },
    },
  ];
}
