/** `7462.00` → `7,462.00`. Amounts are decimal strings of yuan from end to end: nothing is computed with them here. */
export function groupDigits(yuan: string): string {
  const [whole = '', cents] = yuan.split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
  return cents === undefined ? grouped : `${grouped}.${cents}`;
}

export function Money({ yuan, strong = false }: { yuan: string; strong?: boolean }) {
  const amount = yuan.startsWith('-') ? `−¥${groupDigits(yuan.slice(1))}` : `¥${groupDigits(yuan)}`;
  return <span class={strong ? 'numbers strong' : 'numbers'}>{amount}</span>;
}
