import type { z } from 'zod';
import type * as claims from '#api/contract/claims.ts';
import type * as consents from '#api/contract/consents.ts';
import type * as employees from '#api/contract/employees.ts';
import type * as entitlements from '#api/contract/entitlements.ts';
import type * as estimates from '#api/contract/estimates.ts';
import type * as findings from '#api/contract/findings.ts';
import type * as proposals from '#api/contract/proposals.ts';
import type * as roles from '#api/contract/roles.ts';

export type { Claim, ClaimSummary, Progress } from '#api/contract/claims.ts';
export type Decisions = z.output<typeof claims.decisions>;
export type Messages = z.output<typeof claims.messages>;
export type Payments = z.output<typeof claims.payments>;
export type ConsentTexts = z.output<typeof consents.consentTexts>;
export type Consents = z.output<typeof consents.consents>;
export type Employee = z.output<typeof employees.employee>;
export type Accounts = z.output<typeof employees.accounts>;
export type Quota = z.output<typeof employees.quota>;
export type Estimate = z.output<typeof estimates.estimate>;
export type Substitution = z.output<typeof roles.substitution>;

export type ClaimProposal = z.output<typeof proposals.claimProposal>;
export type Entitlement = z.output<typeof entitlements.entitlement>;
export type Findings = z.output<typeof findings.findings>;
