import type { Progress } from '#api/contract/claims.ts';
import type { EntitlementJson } from '#api/contract/entitlements.ts';
import { connectTemporal } from '#platform/temporal.ts';
import { vaultPayloadKeys } from '#platform/payload-keys.ts';
import { openDatabase } from '#prisma/database.ts';
import { eventually, type RunningStack } from '../run-stack.ts';
import { BANK_CODE } from '../stack/product.ts';
import { stackVault } from '../stack/vault.ts';
import { both, clock, type Say } from './words.ts';

export type Summary = {
  claim: string;
  state: string;
  stages: { stage: string; at: string }[];
  payments: { reference: string; amount: string; status: string }[];
  /** of the workflow's history */
  events: number;
};

/** Tells a claim's way from submission to money in the account, stage by stage, until it is cleared. Throws where it ends otherwise. */
export async function followClaim(stack: RunningStack, number: string, say: Say): Promise<Summary> {
  const { api } = stack;
  say(`\nClaim ${number}: insured in Shijiazhuang, treated in Beijing · 石家庄参保，北京住院\n`);
  const told = new Set<string>();
  const cleared = await eventually(`claim ${number} to be cleared`, async () => {
    const progress = await api.get<Progress>(`/v1/claims/${number}/progress`);
    tellStages(progress, told, say);
    const claim = await api.get<{ state: string; clearedAt: string | null; closedAt: string | null }>(`/v1/claims/${number}`);
    if (claim.closedAt && !claim.clearedAt) throw new Error(`claim ${number} ended as ${claim.state}`);
    return claim.clearedAt ? { state: claim.state, stages: progress.stages } : undefined;
  });
  say(`            对账完成 · matched with the bank's statement and cleared`);
  await tellDecisions(stack, number, say);
  await tellDifference(stack, number, say);
  const payments = (await api.get<{ items: Summary['payments'] }>(`/v1/claims/${number}/payments`)).items;
  await tellMessages(stack, number, say);
  await tellBankEntry(stack, payments[0]?.reference ?? number, say);
  return {
    ...{ claim: number, state: cleared.state, stages: cleared.stages.flatMap(({ stage, at }) => (at ? [{ stage, at }] : [])) },
    payments: payments.map(({ reference, amount, status }) => ({ reference, amount, status })),
    events: await historyLength(stack.infrastructure, number),
  };
}

function tellStages({ stages, turn, expectedBy }: Progress, told: Set<string>, say: Say): void {
  for (const { stage, at, label, remark } of stages) {
    if (!at || told.has(stage)) continue;
    told.add(stage);
    say(`  ${clock(at)}  ${both(label)}`);
    if (remark) say(`            ${both(remark)}`);
    if (turn) say(`            whose turn: ${both(turn.label)}${expectedBy ? `, by ${clock(expectedBy)}` : ''}`);
  }
}

type Decision = { outcome: string; submitted: string; benefit: string; lines: { lineNo: number; adjustments: { code: string; amount: string }[] }[] };

async function tellDecisions({ api }: RunningStack, number: string, say: Say): Promise<void> {
  for (const decision of (await api.get<{ items: Decision[] }>(`/v1/claims/${number}/decisions`)).items) {
    say(`\nDecision: ${decision.outcome}, ${decision.benefit} of ${decision.submitted}`);
    for (const line of decision.lines) for (const cut of line.adjustments) say(`  line ${line.lineNo}: −${cut.amount} ${cut.code}`);
  }
}

/** What the claim was estimated at when it passed intake, beside what the bureau decided: by which reasons they differ. */
async function tellDifference({ api }: RunningStack, number: string, say: Say): Promise<void> {
  const { decided } = await api.get<EntitlementJson>(`/v1/claims/${number}/entitlement`);
  if (!decided) return;
  say(`\n预估与审核 · estimated ${decided.estimated ?? '–'}, decided ${decided.decided}: difference ${decided.difference ?? '–'}`);
  for (const { code, label, estimated, decided: taken, difference } of decided.reasons)
    if (difference !== '0.00') say(`  ${label ? both(label) : code}: estimated −${estimated}, taken −${taken}`);
}

async function tellMessages({ api, infrastructure }: RunningStack, number: string, say: Say): Promise<void> {
  const mails = await eventually('the last message', async () => {
    const sent = await api.get<{ items: { status: string }[] }>(`/v1/claims/${number}/messages`);
    return sent.items.some(({ status }) => status === 'PENDING')
      ? undefined
      : infrastructure.mail.mails().filter(({ subject, text }) => `${subject}${text}`.includes(number));
  });
  say('\nMessages sent:');
  for (const mail of mails) say(`  ${clock(mail.receivedAt)}  to ${mail.to.join(', ')}: ${mail.subject}`);
}

async function tellBankEntry({ product }: RunningStack, reference: string, say: Say): Promise<void> {
  const instructions = (await (await fetch(`${product.bankUrl}/_control/instructions`)).json()) as { instructions?: unknown[] } | unknown[];
  say(`\nThe bank's entry (${BANK_CODE}, simulated):`);
  for (const entry of Array.isArray(instructions) ? instructions : (instructions.instructions ?? []))
    if (JSON.stringify(entry).includes(reference)) say(`  ${JSON.stringify(entry)}`);
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
