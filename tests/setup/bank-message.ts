import { randomUUID } from 'node:crypto';
import type { TransferStatus } from '#domain/payout/gateway.ts';
import type { Database } from '#prisma/database.ts';
import { storeMessage } from '#prisma/queries/inbox.ts';

/** What a bank said of an instruction by callback, as the API stores it. */
export async function storeBankResult(
  database: Pick<Database, 'write'>,
  told: { bank: string; claimNumber: string; reference: string; status: TransferStatus; record: Record<string, unknown> },
): Promise<void> {
  const { bank, claimNumber, reference, status, record } = told;
  const messageId = randomUUID();
  await database.write((tx) =>
    storeMessage(tx, {
      ...{ source: bank, messageId, bodyDigest: messageId, type: 'payment-result', claimNumber },
      ...{ body: { reference, status, record, raw: '' }, acknowledgement: { mediaType: 'application/xml', body: '' } },
    }),
  );
}
