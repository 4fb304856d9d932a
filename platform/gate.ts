/** Lets `most` pieces of work run at a time; the others wait in the order in which they came. */
export function openGate(most: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // whoever is next takes this place, so that nobody who comes now gets in between
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
