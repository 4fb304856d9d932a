import { shanghaiDay } from '#domain/calendar.ts';
import { isSameCity } from '#domain/bureau/region.ts';
import { parseYuan, sum, formatYuan, type Fen } from '#domain/money.ts';
import { needsDiagnosis, type Draft } from './draft.ts';
import { filingOf } from './filing.tsx';

type Fault = 'fault.missing' | 'fault.amount' | 'fault.dates' | 'fault.future' | 'fault.lines';

/** What is wrong with a draft, by the path of the field; nothing where it can be submitted. The API looks again, and at more. */
export function faultsOf(draft: Draft, insuredRegion: string): Readonly<Record<string, Fault>> {
  const { hospital, visit, invoices, lines, diagnosis } = draft;
  const faults: Record<string, Fault> = {};
  const today = shanghaiDay(new Date());
  if (hospital.name.trim() === '') faults['hospital.name'] = 'fault.missing';
  if (!isSameCity(draft.treatedRegion, insuredRegion) && !filingOf(draft)) faults['filing'] = 'fault.missing';
  if (needsDiagnosis(draft) && diagnosis.name.trim() === '') faults['diagnosis.name'] = 'fault.missing';
  if (visit.start === '') faults['visit.start'] = 'fault.missing';
  else if (visit.start > today) faults['visit.start'] = 'fault.future';
  if (visit.end === '') faults['visit.end'] = 'fault.missing';
  else if (visit.end < visit.start) faults['visit.end'] = 'fault.dates';
  else if (visit.end > today) faults['visit.end'] = 'fault.future';
  for (const [index, { number, amount, issuedOn }] of invoices.entries()) {
    if (number.trim() === '') faults[`invoices.${index}.number`] = 'fault.missing';
    if (amountOf(amount) === undefined) faults[`invoices.${index}.amount`] = 'fault.amount';
    if (issuedOn === '') faults[`invoices.${index}.issuedOn`] = 'fault.missing';
    else if (issuedOn > today) faults[`invoices.${index}.issuedOn`] = 'fault.future';
  }
  for (const [index, { itemName, amount }] of lines.entries()) {
    if (itemName.trim() === '') faults[`lines.${index}.itemName`] = 'fault.missing';
    if (amountOf(amount) === undefined) faults[`lines.${index}.amount`] = 'fault.amount';
  }
  if (lines.length > 0 && totalOf(lines) !== totalOf(invoices)) faults['lines'] = 'fault.lines';
  return faults;
}

/** Decimal yuan over all; amounts that are none count as nothing. */
export const totalOf = (items: readonly { amount: string }[]): string => formatYuan(sum(items.flatMap(({ amount }) => amountOf(amount) ?? [])));

/** A positive amount as somebody types it. */
function amountOf(text: string): Fen | undefined {
  const amount = parseYuan(text.trim().replaceAll(',', ''));
  return amount !== undefined && amount > 0 ? amount : undefined;
}
export const plainAmount = (text: string): string => {
  const amount = amountOf(text);
  return amount === undefined ? '0' : formatYuan(amount);
};
