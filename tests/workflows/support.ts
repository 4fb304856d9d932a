import { randomUUID } from 'node:crypto';
import { WorkflowIdReusePolicy } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflows, createClaimWorkers } from '#activities/claim-workers.ts';
import { createActivities } from '#activities/index.ts';
import type { BureauAnswer, DecisionLine } from '#domain/bureau/decision.ts';
import type { BureauGateway, BureauSubmission, SubmitResult, WithdrawResult } from '#domain/bureau/gateway.ts';
import type { DocumentKind } from '#domain/claim/completeness.ts';
import { formatClaimNumber } from '#domain/claim/number.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import { fen, type Fen } from '#domain/money.ts';
import type { PartialUnitSettings } from '#domain/org/settings.ts';
import type { BankGateway, StatementLine, TransferOrder, TransferStatus } from '#domain/payout/gateway.ts';
import { chineseHolidays } from '#platform/holidays.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { createClaim, findClaimant } from '#prisma/queries/claim-submission.ts';
import { clockworkReader } from '#prisma/queries/holidays.ts';
import { storeMessage } from '#prisma/queries/inbox.ts';
import * as messages from '#workflows/claim.messages.ts';
import { createTestDatabase } from '../setup/database.ts';
import { createTimeSkippingEnvironment } from '../setup/temporal.ts';

export const BUREAU = '130100';
export const BANK = 'CIB';
const RETURN_WINDOW_SECONDS = 86_400;

/** A scripted bureau and bank behind the same ports as the real adapters: what they are told to answer, and what they were asked. */
export type Script = {
  submissions: BureauSubmission[];
  /** answers one submission; accepts where absent. Throwing is the bureau being away. */
  onSubmit: (submission: BureauSubmission) => Promise<SubmitResult>;
  onWithdraw: () => Promise<WithdrawResult>;
  answers: { answer: BureauAnswer; raw: unknown }[];
  transfers: TransferOrder[];
  onTransfer: (order: TransferOrder) => Promise<TransferStatus>;
  inquiries: string[];
  onInquire: (reference: string) => Promise<TransferStatus>;
  statement: StatementLine[];
};

/** One claim's world on a server whose clock jumps over waiting. */
export type World = {
  env: TestWorkflowEnvironment;
  database: Database;
  script: Script;
  unitIds: { head: string; branch: string };
  people: Record<'claimant' | 'approver' | 'approver2' | 'hr' | 'hr2' | 'finance', string>;
  submit(claim?: { documents?: DocumentKind[]; lines?: { class: string; amount: number }[]; invoiceNo?: string; employeeId?: string }): Promise<Claim>;
  settings(settings: PartialUnitSettings): Promise<void>;
  end(): Promise<void>;
};

export type Claim = {
  number: string;
  handle: ReturnType<TestWorkflowEnvironment['client']['workflow']['getHandle']>;
  row(): Promise<{ state: ClaimState; seq: number; closed: boolean; escalationLevel: number; onHold: boolean; paidFen: number; payoutBlocked: string | null }>;
  /** waits, by asking Postgres, until the claim is in `state` (or fulfils the condition) */
  reaches(what: ClaimState | ((row: Awaited<ReturnType<Claim['row']>>) => boolean)): Promise<void>;
  events(): Promise<{ type: string; to: ClaimState; at: Date; remark: string }[]>;
  openTask(kind?: string): Promise<{ id: string; kind: string; level: number; choices: string[]; unitId: string }>;
  decide(choice: string, by: string, more?: Partial<messages.TaskDecision> & { taskId?: string }): Promise<messages.UpdateResult>;
  /** the bureau's answer by callback: stored in the inbox, then signalled */
  bureauAnswers(answer: BureauAnswer, messageId?: string): Promise<void>;
  approve(lines?: { benefit: number }[]): Promise<BureauAnswer>;
  result(): Promise<messages.ClaimWorkflowResult>;
  sleepUntil(at: string): Promise<void>;
};
