import type { z } from 'zod';
import type * as claims from '#api/contract/claims.ts';
import type * as colleagues from '#api/contract/colleagues.ts';
import type * as findings from '#api/contract/findings.ts';
import type * as matches from '#api/contract/matches.ts';
import type * as reading from '#api/contract/reading.ts';

/* What the API answers to the manager's pages, as types. */
export type { Attached, Claim, Progress } from '#api/contract/claims.ts';
export type { TaskJson as Task } from '#api/contract/tasks.ts';
export type Colleagues = z.output<typeof colleagues.colleagues>;
export type Decisions = z.output<typeof claims.decisions>;
export type Findings = z.output<typeof findings.findings>;
export type History = z.output<typeof claims.history>;
export type Matches = z.output<typeof matches.matches>;
export type Payments = z.output<typeof claims.payments>;
export type Reading = z.output<typeof reading.documentReading> | z.output<typeof reading.readingUnderWay>;
