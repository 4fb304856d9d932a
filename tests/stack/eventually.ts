import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the answer is yes; the bound is for a test that hangs, not a measure of anything. */
export async function eventually(question: () => boolean | Promise<boolean>): Promise<void> {
  const bound = Date.now() + 60_000;
  while (!(await question())) {
    if (Date.now() > bound) throw new Error(`still not: ${question.toString()}`);
    await delay(25);
  }
}
