import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import { createAlarm } from '../relays/alarm.ts';
import { faultName } from '../relays/fault-name.ts';
import type { Recovery, RecoveryRequest } from './recover-claims.ts';

const EVERY_MS = 10 * 60_000;
const QUIET_MS = 5 * 60_000;

/**
 * Recovers, every ten minutes, claims that have been without a workflow for five. A loop of the process, not a schedule of Temporal: it is there for
 * the day when Temporal has forgotten.
 */
export function startSweeper(deps: {
  /** null: another worker is at it */
  recover: (request: RecoveryRequest) => Promise<Recovery | null>;
  registry: Registry;
  log: Logger;
  /** for tests */
  everyMs?: number;
  quietMs?: number;
}): { stop(): Promise<void> } {
  const { recover, registry, log, everyMs = EVERY_MS, quietMs = QUIET_MS } = deps;
  const recovered = new Counter({ name: 'daozhang_claims_recovered_total', help: 'Claims whose workflow was started again', registers: [registry] });
  const failed = new Gauge({ name: 'daozhang_claims_unrecovered', help: 'Claims whose workflow the last sweep could not start again', registers: [registry] });
  const swept = new Gauge({ name: 'daozhang_last_sweep_seconds', help: 'When the last sweep ended, as Unix time', registers: [registry] });
  const alarm = createAlarm();
  let stopping = false;

  async function sweep(): Promise<void> {
    const result = await recover({ quietMs, onRecovered: (claim) => log.warn(claim, 'an open claim had no workflow') });
    if (result === null) return;
    recovered.inc(result.recovered);
    failed.set(result.failed);
    swept.setToCurrentTime();
    if (result.returns > 0) log.warn({ returns: result.returns }, 'returned money that no claim had taken note of');
  }

  async function run(): Promise<void> {
    for (;;) {
      // Workers side by side do not sweep in step.
      await alarm.wait(everyMs * (0.5 + Math.random()));
      if (stopping) return;
      try {
        await sweep();
      } catch (error) {
        log.warn({ error: faultName(error) }, 'claims without a workflow could not be looked for');
      }
    }
  }

  const running = run();
  return {
    stop() {
      stopping = true;
      alarm.ring();
      return running;
    },
  };
}
