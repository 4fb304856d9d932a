import type { BureauGateway } from '#domain/bureau/gateway.ts';
import type { BankGateway } from '#domain/payout/gateway.ts';
import type { Database } from '#prisma/database.ts';
import type { Clockwork } from '#prisma/queries/claim-context.ts';
import { bureauActivities } from './claim/bureau.ts';
import { clockActivities } from './claim/clock.ts';
import { intakeActivities } from './claim/intake.ts';
import { payoutActivities } from './claim/payout.ts';
import { peopleActivities } from './claim/people.ts';
import { taskActivities } from './claim/tasks.ts';
import { transitions } from './claim/transition.ts';
import { pollActivities } from './polling/poll-bureau.ts';
import { reconcileActivities } from './polling/reconcile.ts';

export type ActivityDependencies = {
  database: Database;
  bureaus: ReadonlyMap<string, BureauGateway>;
  banks: ReadonlyMap<string, BankGateway>;
  /** 12 characters, as the gateways know us */
  institutionCode: string;
  /** today's calendar, and the terms of the bank that pays */
  clockwork: () => Promise<Clockwork>;
};

/** Everything with a side effect that a workflow may ask for. */
export function createActivities({ database, bureaus, banks, institutionCode, clockwork }: ActivityDependencies) {
  const transition = transitions({ database, clockwork });
  return {
    ...clockActivities({ transition }),
    ...intakeActivities({ transition, institutionCode }),
    ...peopleActivities({ transition, institutionCode }),
    ...taskActivities({ transition, institutionCode }),
    ...bureauActivities({ database, transition, bureaus }),
    ...payoutActivities({ database, transition, banks }),
    ...pollActivities({ database, bureaus }),
    ...reconcileActivities({ database, banks }),
  };
}

export type Activities = ReturnType<typeof createActivities>;
