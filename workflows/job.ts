import { CancellationScope } from '@temporalio/workflow';

export type JobOutcome<T> = { ok: true; value: T } | { ok: false };

/**
 * The one call to the outside that a claim may have under way, so that the claim goes on listening while a bureau is away for days. A call that
 * failed for good or was cancelled has the outcome `ok: false`: whether to make it again is for the claim's state to say.
 */
export type Job = {
  /** The outcome of `key`, once; null while it is under way. Begins it where it is not, after having cancelled what else was. */
  take<T>(key: string, call: () => Promise<T>): JobOutcome<T> | null;
  /** whether the call under way, or the outcome that waits, is of a key that begins so */
  busyWith(key: string): boolean;
  /** Gives up what nobody has asked for since the last time: the claim has moved on without it. */
  tidy(): void;
  readonly running: boolean;
  /** whether an outcome waits to be taken */
  readonly settled: boolean;
};

export function openJob(): Job {
  let current: { key: string; scope: CancellationScope; outcome: JobOutcome<unknown> | null } | null = null;
  let wanted = false;
  return {
    get running() {
      return current !== null && current.outcome === null;
    },
    get settled() {
      return current !== null && current.outcome !== null;
    },
    busyWith: (key) => current?.key.startsWith(key) ?? false,
    tidy() {
      if (current && !wanted) {
        if (!current.outcome) current.scope.cancel();
        current = null;
      }
      wanted = false;
    },
    take<T>(key: string, call: () => Promise<T>): JobOutcome<T> | null {
      wanted = true;
      if (current && current.key !== key && current.outcome === null) {
        current.scope.cancel();
        return null;
      }
      if (current?.key === key) {
        const outcome = current.outcome as JobOutcome<T> | null;
        if (outcome) current = null;
        return outcome;
      }
      const started = { key, scope: new CancellationScope(), outcome: null as JobOutcome<unknown> | null };
      current = started;
      started.scope.run(call).then(
        (value) => {
          started.outcome = { ok: true, value };
        },
        () => {
          started.outcome = { ok: false };
        },
      );
      return null;
    },
  };
}
