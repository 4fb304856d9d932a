/*
 * Whether somebody is there. Pages ask for what is new as long as they are in sight; what they ask after nobody has touched them says so, or a page that is left
 * open would keep its session open for as long as the day lasts.
 */

let touched = true;
for (const event of ['pointerdown', 'keydown', 'wheel', 'touchmove', 'input'])
  addEventListener(event, () => (touched = true), { capture: true, passive: true });

/** The header of a request: none where somebody has done something since the one before. */
export function attendance(): Record<string, string> {
  const said: Record<string, string> = touched ? {} : { 'daozhang-unattended': '1' };
  touched = false;
  return said;
}
