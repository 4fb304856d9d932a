import type { BureauGateway } from '#domain/bureau/gateway.ts';
import type { BankGateway } from '#domain/payout/gateway.ts';
import type { AuditExport } from '#platform/audit-export.ts';
import type { AuditKey } from '#platform/audit-key.ts';
import type { Policies } from '#domain/policy/policies.ts';
import type { Database } from '#prisma/database.ts';
import type { Clockwork } from '#prisma/queries/claim-context.ts';
import type { DocumentStore } from '#platform/document-store.ts';
import { auditActivities } from './audit/seal-days.ts';
import { approvalActivities } from './claim/approval.ts';
import { bureauActivities } from './claim/bureau.ts';
import { clockActivities } from './claim/clock.ts';
import { consentActivities } from './claim/consent.ts';
import { entitlements } from './claim/entitlement.ts';
import { intakeActivities } from './claim/intake.ts';
import { payoutActivities } from './claim/payout.ts';
import { peopleActivities } from './claim/people.ts';
import { reviewActivities } from './claim/pre-review.ts';
import { taskActivities } from './claim/tasks.ts';
import { transitions } from './claim/transition.ts';
import type { readingActivities } from './documents/read-documents.ts';
import { pollActivities } from './polling/poll-bureau.ts';
import { retentionActivities } from './retention/erase.ts';
import { reconcileActivities } from './polling/reconcile.ts';
import { simulationActivities } from './simulations/settle-slice.ts';

export type ActivityDependencies = {
  database: Database;
  bureaus: ReadonlyMap<string, BureauGateway>;
  banks: ReadonlyMap<string, BankGateway>;
  /** 12 characters, as the gateways know us */
  institutionCode: string;
  /** what each insured region pays, and the employer on top */
  policies: Policies;
  /** whether reader processes run: where none does, nobody waits for one, and files are not compared with claims */
  reads?: boolean;
  /** today's calendar, and the terms of the bank that pays */
  clockwork: () => Promise<Clockwork>;
  /** where the files of erased documents are removed */
  documents: Pick<DocumentStore, 'remove'>;
  /** what signs the days of the audit, and where they go */
  audit: { key: AuditKey; export: AuditExport };
};

/** Everything with a side effect that a workflow may ask for. */
export function createActivities({ database, bureaus, banks, institutionCode, policies, reads = false, clockwork, audit, documents }: ActivityDependencies) {
  const transition = transitions({ database, clockwork });
  const assessEntitlement = entitlements(policies);
  return {
    ...clockActivities({ transition }),
    ...intakeActivities({ transition, institutionCode, assessEntitlement, policies, bureaus, reads }),
    ...reviewActivities({ database, transition, bureaus, reads }),
    ...consentActivities({ transition }),
    ...peopleActivities({ transition, institutionCode }),
    ...approvalActivities({ transition }),
    ...taskActivities({ transition, institutionCode }),
    ...bureauActivities({ database, transition, bureaus }),
    ...payoutActivities({ database, transition, banks }),
    ...pollActivities({ database, bureaus }),
    ...reconcileActivities({ database, banks }),
    ...retentionActivities({ database, documents, clockwork }),
    ...simulationActivities({ database, policies }),
    ...auditActivities({ database, auditKey: audit.key, auditExport: audit.export }),
  };
}

export type Activities = ReturnType<typeof createActivities>;
/** Those of the reader process, on a queue of its own. */
export type ReadingActivities = ReturnType<typeof readingActivities>;
