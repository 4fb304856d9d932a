import { isGrpcDeadlineError, ServiceError, WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { FastifyRequest } from 'fastify';
import type { DocumentReading } from '#domain/invoice/reading.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import { openGate } from '#platform/gate.ts';
import { readDocument } from '#platform/reading/read-document.ts';
import type { DocumentRow } from '#prisma/queries/documents.ts';
import { findReading, isReadingErased, storeReading, type StoredReading } from '#prisma/queries/readings.ts';
import { READ_DOCUMENT_WORKFLOW, readingWorkflowId } from '#workflows/reading.messages.ts';
import type { ApiDeps } from './app.ts';
import { openContent, readableDocument, recordLookAtDocument } from './document-access.ts';

/** RUNNING: a reader process is at it, or will be once there is one. */
export type ReadingAnswer = { ok: true; state: 'FINISHED'; reading: DocumentReading; at: Date } | { ok: true; state: 'RUNNING' } | Refusal;

export type DocumentReadings = {
  /** The reading of a document, which is made where there is none by this release yet: data and text at once, pictures by a reader process. */
  ask(request: FastifyRequest, documentId: string): Promise<ReadingAnswer>;
  /** What there is of it, without beginning anything. NOT_FOUND: nobody has asked for it. */
  find(request: FastifyRequest, documentId: string): Promise<ReadingAnswer>;
};

/** Files that this process has in clear at a time: a claim is proposed of twenty, and each may be as large as an upload. */
const gate = openGate(4);

export function documentReadings({ renderer: files, workflows, clock }: ApiDeps): DocumentReadings {
  const { client, taskQueue, updateDeadlineMs } = workflows;
  /** what this process is reading: who asks for the same meanwhile waits for the same */
  const underWay = new Map<string, Promise<DocumentReading>>();

  const finished = ({ reading, at }: StoredReading): ReadingAnswer => ({ ok: true, state: 'FINISHED', reading, at });

  async function ask(request: FastifyRequest, documentId: string): Promise<ReadingAnswer> {
    const readable = await readableDocument(request, documentId);
    if (!readable.ok) return readable;
    const { document } = readable;
    const stored = await lookUp(request, document);
    if (stored?.isCurrent) return finished(stored);
    if (await isReadingErased(request.db, { documentId })) return refuse('ERASED');
    const here = await gate(async () => {
      const opened = await openContent(request, document, 'reading');
      if (!opened.ok || !document.mediaType.startsWith('image/')) return opened.ok ? hereAndNow(request, document, opened.content) : opened;
    });
    // a photograph's turn comes elsewhere, and nothing in clear is held while it is waited for
    return here ?? byReader(request, documentId);
  }

  async function find(request: FastifyRequest, documentId: string): Promise<ReadingAnswer> {
    const readable = await readableDocument(request, documentId);
    if (!readable.ok) return readable;
    const stored = await lookUp(request, readable.document);
    if (stored?.isCurrent) return finished(stored);
    const running = await isRunning(client, documentId, updateDeadlineMs);
    if (running === undefined) return refuse('TEMPORAL_UNAVAILABLE');
    if (running) return { ok: true, state: 'RUNNING' };
    // it may have been finished between the two questions
    const since = await findReading(request.db, { documentId });
    return since ? finished(since) : refuse('NOT_FOUND');
  }

  async function lookUp(request: FastifyRequest, document: DocumentRow): Promise<StoredReading | undefined> {
    const stored = await findReading(request.db, { documentId: document.id });
    if (stored) await recordLookAtDocument(request, document, 'reading');
    return stored;
  }

  /** undefined: it is a picture, and letters are read elsewhere. */
  async function hereAndNow(request: FastifyRequest, document: DocumentRow, content: Buffer): Promise<ReadingAnswer | undefined> {
    const made = underWay.get(document.id) ?? readDocument({ files }, content).finally(() => underWay.delete(document.id));
    underWay.set(document.id, made);
    const reading = await made;
    const says = (code: string): boolean => reading.findings.some((finding) => finding.code === code);
    if (says('DOCUMENT_READER_UNAVAILABLE')) return refuse('DOCUMENT_READER_UNAVAILABLE');
    if (says('LETTERS_NOT_READ')) return undefined;
    await storeReading(request.db, { document, reading, at: clock() });
    const stored = await findReading(request.db, { documentId: document.id });
    return stored ? finished(stored) : refuse('ERASED');
  }

  async function byReader(request: FastifyRequest, documentId: string): Promise<ReadingAnswer> {
    const outcome = await haveRead({ client, taskQueue, documentId, deadlineMs: updateDeadlineMs });
    if (outcome === 'RUNNING') return { ok: true, state: 'RUNNING' };
    if (outcome === 'DAMAGED') return refuse('DOCUMENT_DAMAGED');
    if (outcome === 'FAILED') return refuse('DOCUMENT_READER_UNAVAILABLE');
    if (outcome === 'UNAVAILABLE') return refuse('TEMPORAL_UNAVAILABLE');
    const stored = await findReading(request.db, { documentId });
    return stored ? finished(stored) : refuse('ERASED');
  }

  return { ask, find };
}

type Asked = { client: Client; taskQueue: string; documentId: string; deadlineMs: number };

/** Starts the reading of a document, or joins the one that is under way, and waits for it. */
async function haveRead({ client, taskQueue, documentId, deadlineMs }: Asked): Promise<'DONE' | 'RUNNING' | 'DAMAGED' | 'FAILED' | 'UNAVAILABLE'> {
  const deadline = Date.now() + deadlineMs;
  let isStarted = false;
  try {
    const handle = await client.withDeadline(deadline, () =>
      client.workflow.start(READ_DOCUMENT_WORKFLOW, {
        ...{ workflowId: readingWorkflowId(documentId), taskQueue, args: [{ documentId }] },
        ...{ workflowIdConflictPolicy: 'USE_EXISTING', workflowIdReusePolicy: 'ALLOW_DUPLICATE' },
      }),
    );
    isStarted = true;
    const outcome: unknown = await client.withDeadline(deadline, () => handle.result());
    return outcome === 'DAMAGED' ? 'DAMAGED' : 'DONE';
  } catch (error) {
    if (error instanceof WorkflowFailedError) return 'FAILED';
    if (isStarted && isGrpcDeadlineError(error)) return 'RUNNING';
    if (isOutage(error)) return isStarted ? 'RUNNING' : 'UNAVAILABLE';
    throw error;
  }
}

/** undefined: Temporal does not answer. */
async function isRunning(client: Client, documentId: string, deadlineMs: number): Promise<boolean | undefined> {
  try {
    const { status } = await client.withDeadline(Date.now() + deadlineMs, () => client.workflow.getHandle(readingWorkflowId(documentId)).describe());
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    if (isOutage(error)) return undefined;
    throw error;
  }
}

const isOutage = (error: unknown): boolean => error instanceof ServiceError || isGrpcDeadlineError(error);
