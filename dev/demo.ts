import { parseArgs } from 'node:util';
import { connectTemporal } from '#platform/temporal.ts';
import { stackVault } from './stack/vault.ts';
import { openDatabase } from '#prisma/database.ts';
import { vaultPayloadKeys } from '#platform/payload-keys.ts';
import type { Progress } from '#api/contract/claims.ts';
import { eventually, runStack, signInLines, type RunningStack } from './run-stack.ts';
import { submitCrossRegionClaim } from './seed.ts';
import { BANK_CODE } from './stack/product.ts';
import { onInterruption } from './stack/processes.ts';

/**
 * `npm run demo`: the whole product on this machine, and one claim on its way from submission to money in the account. With `--once` it ends
 * when the claim is cleared, and the last line is one JSON object.
 */
const { values } = parseArgs({ options: { once: { type: 'boolean', default: false }, data: { type: 'string', default: '.daozhang/data' } } });
const started = performance.now();
const say = (line = ''): void => console.log(line);
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
  const summary = await follow(stack);
  addresses(stack, summary.claim);
  if (values.once) {
    await stack.stop();
    say(JSON.stringify(summary));
    process.exit(summary.state === 'PAID' ? 0 : 1);
  }
  say('\nEverything stays up until Ctrl-C.');
} catch (error) {
  // What fails while everything is being stopped fails for that reason; the process ends when all has stopped.
  if (!interrupted) {
    console.error(`\nThe demonstration failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

type Summary = {
  claim: string;
  state: string;
  stages: { stage: string; at: string }[];
  payments: { reference: string; amount: string; status: string }[];
  events: number;
  seconds: number;
};

async function follow({ api, infrastructure, product }: RunningStack): Promise<Summary> {
  const { number } = await submitCrossRegionClaim(api);
  say(`\nClaim ${number}: insured in Shijiazhuang, treated in Beijing · 石家庄参保，北京住院\n`);
  const shown = new Map<string, string>();
  const summary = await eventually(`claim ${number} to be cleared`, async () => {
    const progress = await api.get<Progress>(`/v1/claims/${number}/progress`);
    for (const stage of progress.stages) {
      if (!stage.at || shown.has(stage.stage)) continue;
      shown.set(stage.stage, stage.at);
      say(`  ${clock(stage.at)}  ${stage.label.zh} · ${stage.label.en}`);
      if (stage.remark) say(`            ${stage.remark.zh} · ${stage.remark.en}`);
      if (progress.turn)
        say(`            whose turn: ${progress.turn.label.zh} · ${progress.turn.label.en}${progress.expectedBy ? `, by ${clock(progress.expectedBy)}` : ''}`);
    }
    const claim = await api.get<{ state: string; clearedAt: string | null; closedAt: string | null }>(`/v1/claims/${number}`);
    if (claim.closedAt && !claim.clearedAt) throw new Error(`claim ${number} ended as ${claim.state}`);
    return claim.clearedAt ? { state: claim.state, stages: progress.stages } : undefined;
  });
  say(`            对账完成 · matched with the bank's statement and cleared`);

  const decisions = await api.get<{
    items: { outcome: string; submitted: string; benefit: string; lines: { lineNo: number; adjustments: { code: string; amount: string }[] }[] }[];
  }>(`/v1/claims/${number}/decisions`);
  for (const decision of decisions.items) {
    say(`\nDecision: ${decision.outcome}, ${decision.benefit} of ${decision.submitted}`);
    for (const line of decision.lines) for (const cut of line.adjustments) say(`  line ${line.lineNo}: −${cut.amount} ${cut.code}`);
  }

  const payments = await api.get<{ items: { reference: string; amount: string; status: string }[] }>(`/v1/claims/${number}/payments`);
  const mails = await eventually('the last message', async () => {
    const sent = await api.get<{ items: { template: string; status: string }[] }>(`/v1/claims/${number}/messages`);
    return sent.items.some(({ status }) => status === 'PENDING')
      ? undefined
      : infrastructure.mail.mails().filter(({ subject, text }) => `${subject}${text}`.includes(number));
  });
  say('\nMessages sent:');
  for (const mail of mails) say(`  ${clock(mail.receivedAt)}  to ${mail.to.join(', ')}: ${mail.subject}`);

  const instructions = (await (await fetch(`${product.bankUrl}/_control/instructions`)).json()) as { instructions?: unknown[] } | unknown[];
  const list = Array.isArray(instructions) ? instructions : (instructions.instructions ?? []);
  say(`\nThe bank's entry (${BANK_CODE}, simulated):`);
  for (const entry of list) if (JSON.stringify(entry).includes(payments.items[0]?.reference ?? number)) say(`  ${JSON.stringify(entry)}`);

  return {
    claim: number,
    state: summary.state,
    stages: summary.stages.flatMap(({ stage, at }) => (at ? [{ stage, at }] : [])),
    payments: payments.items.map(({ reference, amount, status }) => ({ reference, amount, status })),
    events: await historyLength(infrastructure, number),
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

async function historyLength({ temporal, dataDir, databaseUrl }: RunningStack['infrastructure'], number: string): Promise<number> {
  const database = openDatabase({ url: databaseUrl, poolSize: 1, vault: await stackVault(dataDir) });
  const { client, close } = connectTemporal({ ...temporal, taskQueue: 'claims', apiKey: undefined, tls: undefined }, vaultPayloadKeys(database.vault));
  try {
    const handle = client.workflow.getHandle(`claim/${number}`);
    await handle.result();
    return (await handle.describe()).historyLength;
  } finally {
    await Promise.all([close(), database.close()]);
  }
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

function clock(at: string): string {
  return new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at));
}
