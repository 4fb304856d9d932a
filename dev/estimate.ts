import { estimateRequest, type Estimate } from '#api/contract/estimates.ts';
import { estimateOf } from '#api/estimate.ts';
import { shanghaiDay, type Day } from '#domain/calendar.ts';
import { ERRORS } from '#domain/errors.ts';
import { loadPolicies, readText, type Policies } from '#platform/policy/load.ts';

const USAGE = `npm run -s estimate -- FILE.json|-

Reads the body of POST /v1/estimates, or an array of them, and prints the answer as JSON. No server is needed: rulebooks are files.
Exit code 0: answered, also where no rulebook answers (covered is false). 2: the input cannot be used, one line for each fault, as path: reason.`;

type Answered<Answer> = { ok: true; answer: Answer } | { ok: false; faults: string[] };

/** The answer to a body, or to each of an array of them; or everything that is wrong with them, a line each. `today`: the day of Shanghai. */
export function answersTo(body: unknown, policies: Policies, today: Day): Answered<Estimate | Estimate[]> {
  if (!Array.isArray(body)) return answerTo(body, { policies, today });
  const answered = body.map((each, index) => answerTo(each, { policies, today, at: `[${index}]` }));
  const faults = answered.flatMap((each) => (each.ok ? [] : each.faults));
  return faults.length > 0 ? { ok: false, faults } : { ok: true, answer: answered.flatMap((each) => (each.ok ? [each.answer] : [])) };
}

function answerTo(body: unknown, { policies, today, at = '' }: { policies: Policies; today: Day; at?: string }): Answered<Estimate> {
  const fault = (path: string, reason: string): string => `${[at, path].filter((part) => part !== '').join('.') || 'body'}: ${reason}`;
  const parsed = estimateRequest.safeParse(body);
  if (!parsed.success) return { ok: false, faults: parsed.error.issues.map(({ path, message }) => fault(path.join('.'), message)) };
  const answer = estimateOf(parsed.data, policies, today);
  if (!answer.ok) {
    const { path = 'plan', paths = [String(path)] } = answer.params ?? {};
    return { ok: false, faults: [paths].flat().map((each) => fault(String(each), ERRORS[answer.code].en)) };
  }
  return { ok: true, answer: answer.estimate };
}

function readJson(file: string): Answered<unknown> {
  try {
    return { ok: true, answer: JSON.parse(readText(file === '-' ? 0 : file)) };
  } catch (error) {
    return { ok: false, faults: [`${file}: ${error instanceof Error ? error.message : 'unreadable'}`] };
  }
}

function main([file, ...more]: readonly string[]): number {
  if (file === undefined || more.length > 0 || (file !== '-' && file.startsWith('-'))) {
    console.error(USAGE);
    return 2;
  }
  const policies = loadPolicies(process.env['RULEBOOKS_DIR'] || undefined);
  if (!policies.ok) {
    console.error('the rulebooks have faults: npm run rulebook:check');
    return 2;
  }
  const read = readJson(file);
  const answered = read.ok ? answersTo(read.answer, policies, shanghaiDay(new Date())) : read;
  if (answered.ok) console.log(JSON.stringify(answered.answer, null, 2));
  else console.error(answered.faults.join('\n'));
  return answered.ok ? 0 : 2;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
