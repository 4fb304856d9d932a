import { parseArgs } from 'node:util';
import { catchDuplicate } from './demo/duplicate.ts';
import { estimateFirst } from './demo/estimate.ts';
import { followClaim, type Summary } from './demo/main-claim.ts';
import { mendClaim } from './demo/missing-document.ts';
import { keepLines, type Say } from './demo/words.ts';
import { runStack, signInLines, type RunningStack } from './run-stack.ts';
import { crossRegionClaim, submitSample } from './sample-claims.ts';
import { seedShowcase } from './seed/showcase.ts';
import { onInterruption } from './stack/processes.ts';

/**
 * `npm run demo`: the whole product on this machine, and one claim on its way from an estimate to money in the account; beside it one that lacks a document, and one that was
 * claimed before. With `--once` it ends when the claim is cleared, and the last line is one JSON object about it.
 */
const { values } = parseArgs({ options: { once: { type: 'boolean', default: false }, data: { type: 'string', default: '.daozhang/data' } } });
const started = performance.now();
const say: Say = (line = '') => console.log(line);
let interrupted = false;
onInterruption({
  announce() {
    interrupted = true;
    say('\nstopping everything that was started');
  },
  exitCode: 0,
});

try {
  say('Daozhang 到账 · starting (the first start takes longest)');
  const stack = await runStack({ dataDir: values.data, report: (line) => say(`  · ${line}`) });
  const summary = { ...(await tell(stack)), seconds: Math.round((performance.now() - started) / 100) / 10 };
  addresses(stack, summary.claim);
  if (values.once) {
    await stack.stop();
    say(JSON.stringify(summary));
    process.exit(summary.state === 'PAID' ? 0 : 1);
  }
  await seedShowcase({ api: stack.api, ...stack.product });
  say('\nThe pages show claims in every stage, overdue and stuck ones among them. Everything stays up until Ctrl-C.');
} catch (error) {
  // What fails while everything is being stopped fails for that reason; the process ends when all has stopped.
  if (!interrupted) {
    console.error(`\nThe demonstration failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

/** The main story as it happens; the two beside it go on meanwhile, and are told when it is over. */
async function tell(stack: RunningStack): Promise<Summary> {
  const { api } = stack;
  const claim = await crossRegionClaim(api);
  await estimateFirst(api, claim, say);
  const { number } = await submitSample(api, claim);
  const beside = [keepLines(), keepLines()] as const;
  const [summary] = await Promise.all([
    followClaim(stack, number, say),
    mendClaim(stack, beside[0].say),
    catchDuplicate(stack, { claim, number }, beside[1].say),
  ]);
  for (const { lines } of beside) for (const line of lines) say(line);
  return summary;
}

function addresses({ product, identity, infrastructure, token }: RunningStack, number: string): void {
  const { uiUrl, namespace } = infrastructure.temporal;
  say('\nAddresses:');
  say(`  API page      ${product.apiUrl}/docs`);
  if (uiUrl) say(`  Temporal UI   ${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(`claim/${number}`)}`);
  say(`  Mails         ${infrastructure.mail.httpUrl}/mails`);
  say(`  Bureau, bank  ${product.bureauUrl}/_control/ledger, ${product.bankUrl}/_control/ledger (simulators)`);
  say(`  API key       ${token} (development only)`);
  for (const line of signInLines({ product, identity })) say(line);
}
