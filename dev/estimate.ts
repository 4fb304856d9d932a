import { readFileSync } from 'node:fs';
import { estimateRequest, type Estimate } from '#api/contract/estimates.ts';
import { estimateOf } from '#api/estimate.ts';
import { shanghaiDay } from '#domain/calendar.ts';
import { ERRORS } from '#domain/errors.ts';
import { loadPolicies, type Policies } from '#platform/policy/load.ts';

const USAGE = `npm run -s estimate -- FILE.json|-

Reads the body of POST /v1/estimates, or an array of them, and prints the answer as JSON. No server is needed: rulebooks are files.`;

class Unusable extends Error {}

function main(args: readonly string[]): void {
  const [file] = args;
  if (file === undefined || args.length > 1) throw new Unusable(USAGE);
  const loaded = loadPolicies();
  if (!loaded.ok) throw new Unusable('the rulebooks have faults: npm run rulebook:check');
  const body = readJson(file);
  const answer = Array.isArray(body) ? body.map((each, index) => answerTo(each, loaded, `[${index}].`)) : answerTo(body, loaded, '');
  console.log(JSON.stringify(answer, null, 2));
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new Unusable(`${file}: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}

function answerTo(body: unknown, policies: Policies, where: string): Estimate {
  const parsed = estimateRequest.safeParse(body);
  if (!parsed.success) {
    throw new Unusable(parsed.error.issues.map((issue) => `${where}${issue.path.join('.')}: ${issue.message}`).join('\n'));
  }
  const answer = estimateOf(parsed.data, policies, shanghaiDay(new Date()));
  if (!answer.ok) throw new Unusable(`${where}${String(answer.params?.['path'] ?? 'plan')}: ${ERRORS[answer.code].en}`);
  return answer.estimate;
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Unusable)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
