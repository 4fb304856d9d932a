import type { Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { claimOfInstruction, isClaimOfBureau, nameClaim } from '#prisma/queries/inbox.ts';
import { writeWorkflowCommand } from '#prisma/queries/workflow-commands.ts';
import { bureauDecision, paymentNews } from '#workflows/claim.messages.ts';

/** Tells the claim's workflow of an answer in the inbox. An answer for a claim that this bureau does not have is kept and leaves an audit row. */
export async function tellBureauAnswer(tx: Tx, told: { bureauCode: string; messageId: string; claimNumber: string; at: Date }): Promise<void> {
  const { bureauCode, messageId, claimNumber, at } = told;
  if (!(await isClaimOfBureau(tx, { claimNumber, bureauCode }))) {
    const actor = { type: 'bureau', id: bureauCode } as const;
    await audit(tx, { claimNumber: null, at, actor, action: 'unknown-claim', detail: { messageId, claimNumber } });
    return;
  }
  await nameClaim(tx, { source: bureauCode, messageId, claimNumber });
  await writeWorkflowCommand(tx, { claimNumber, kind: 'SIGNAL', signal: bureauDecision.name, payload: { source: bureauCode, messageId } });
}

/**
 * Tells the claim that an instruction pays that the bank has said something of it. What it says counts like the answer to an inquiry,
 * once the claim's activity has compared it with the order.
 */
export async function tellBankNews(tx: Tx, told: { bankCode: string; messageId: string; reference: string; at: Date }): Promise<void> {
  const { bankCode, messageId, reference, at } = told;
  const claimNumber = await claimOfInstruction(tx, { reference, bankCode });
  if (claimNumber === undefined) {
    const actor = { type: 'bank', id: bankCode } as const;
    await audit(tx, { claimNumber: null, at, actor, action: 'unknown-claim', detail: { messageId, reference } });
    return;
  }
  await nameClaim(tx, { source: bankCode, messageId, claimNumber });
  await writeWorkflowCommand(tx, { claimNumber, kind: 'SIGNAL', signal: paymentNews.name, payload: { reference } });
}
