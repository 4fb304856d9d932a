export type Alarm = {
  /** Ends the wait; a ring while nobody waits ends the next one. */
  ring: () => void;
  /** Until it rings, `ms` milliseconds at most. */
  wait(ms: number): Promise<void>;
};

export function createAlarm(): Alarm {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(ms) {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      rung = false;
    },
  };
}
