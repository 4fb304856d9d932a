import { Context } from '@temporalio/activity';
import { SealBroken } from '#platform/crypto/envelope.ts';
import type { DocumentStore } from '#platform/document-store.ts';
import { readDocument, type Readers } from '#platform/reading/read-document.ts';
import type { Database } from '#prisma/database.ts';
import { openDocument } from '#prisma/queries/document-keys.ts';
import { findDocuments } from '#prisma/queries/documents.ts';
import { findReading, listUnreadInvoices, lockReading, storeReading } from '#prisma/queries/readings.ts';
import { READ_ATTEMPTS } from '#workflows/reading.messages.ts';

export type ReadingDependencies = {
  database: Database;
  documents: Pick<DocumentStore, 'get'>;
  readers: Readers;
  now: () => Date;
};

/** GONE: there is no such document any more, or its key was destroyed. DAMAGED: what lies in the store is not what was put there. */
export type ReadOutcome = 'READ' | 'KNOWN' | 'GONE' | 'DAMAGED';

/** 票据识别: what the reader process does. Nothing is read twice by one release, whoever asks for it and how often. */
export function readingActivities({ database, documents, readers, now }: ReadingDependencies) {
  /** Throws, to be called again, where the reading did not come about by the file's doing; the last call keeps what there is. */
  async function readOne(documentId: string): Promise<ReadOutcome> {
    return database.write(async (tx) => {
      await lockReading(tx, { documentId });
      const [document] = await findDocuments(tx, { ids: [documentId] });
      if (!document) return 'GONE';
      if ((await findReading(tx, { documentId }))?.isCurrent) return 'KNOWN';
      const sealed = await documents.get(document.storageKey);
      if (!sealed) return 'DAMAGED';
      const content = await openDocument(tx.vault, { key: document, sealed }).catch((error: unknown) => {
        if (error instanceof SealBroken) return 'DAMAGED' as const;
        throw error;
      });
      if (content === undefined) return 'GONE';
      if (content === 'DAMAGED') return 'DAMAGED';
      const reading = await orCancelled(readDocument(readers, content));
      const isAway = reading.findings.some(({ code }) => code === 'DOCUMENT_READER_UNAVAILABLE');
      if (isAway && Context.current().info.attempt < READ_ATTEMPTS) throw new Error('the reader could not read; it is tried again');
      await storeReading(tx, { document, reading, at: now() });
      return 'READ';
    });
  }

  return {
    readDocument: ({ documentId }: { documentId: string }): Promise<ReadOutcome> => readOne(documentId),

    /** Reads the invoices of a claim that were not read yet. `failed`: how many there is nothing to read of, because they are gone or damaged. */
    async readClaimInvoices({ claimNumber }: { claimNumber: string }): Promise<{ read: number; failed: number }> {
      let [read, failed] = [0, 0];
      for (const documentId of await listUnreadInvoices(database, { claimNumber })) {
        const outcome = await readOne(documentId);
        if (outcome === 'READ') read += 1;
        else if (outcome !== 'KNOWN') failed += 1;
      }
      return { read, failed };
    },
  };
}

/** A worker that stops does not wait for a long reading: another one starts it again. */
const orCancelled = <T>(work: Promise<T>): Promise<T> => Promise.race([work, Context.current().cancelled]);
