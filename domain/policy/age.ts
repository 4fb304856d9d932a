import { isDay, type Day } from '../calendar.ts';

/** Years of age on `day` by an identity number (居民身份证号码, 18 characters as GB 11643 has it, or the 15 of before 1999); undefined where it is none. */
export function ageOn(identityNo: string, day: Day): number | undefined {
  const birthday = birthdayOf(identityNo.trim());
  if (birthday === undefined || birthday > day) return undefined;
  const years = Number(day.slice(0, 4)) - Number(birthday.slice(0, 4));
  return day.slice(5) < birthday.slice(5) ? years - 1 : years;
}

function birthdayOf(identityNo: string): Day | undefined {
  const match = /^\d{6}(\d{4})(\d\d)(\d\d)\d{3}[\dXx]$/.exec(identityNo) ?? /^\d{6}(\d\d)(\d\d)(\d\d)\d{3}$/.exec(identityNo);
  if (!match) return undefined;
  const [, year = '', month = '', day = ''] = match;
  const birthday = `${year.length === 2 ? '19' : ''}${year}-${month}-${day}`;
  return isDay(birthday) ? birthday : undefined;
}
