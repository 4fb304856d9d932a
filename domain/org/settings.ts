import type { FundingSource } from '../bureau/decision.ts';
import type { Duration } from '../calendar.ts';
import { fen, type Fen } from '../money.ts';
import type { ConfigurableRule } from '../retention/periods.ts';

/** How long every waiting step may take. Working days by default; a unit may set each alone. */
export type ServiceLevels = {
  /** PENDED_INFO: the employee is reminded, and at the deadline the claim is denied (INFO_NOT_SUPPLIED) */
  employeeMaterials: { remindAfter: Duration; deadlineAfter: Duration };
  /** SENT_TO_BUREAU without an acknowledgement: the claim shows the bureau's outage */
  bureauAcknowledgement: { outageAfter: Duration };
  /** counted from the hand-over to the bureau: remind it, escalate to the branch manager, escalate to head office */
  bureauReview: { remindAfter: Duration; escalateAfter: Duration; escalateAgainAfter: Duration };
  /** PAYMENT_FAILED: the employee is reminded to mend the account, again each time this passes */
  paymentFailed: { remindAfter: Duration };
  /**
   * how long a person has for a task before it shows as overdue; who has one that keeps a claim from going on is then reminded, after that the branch manager is told, and head office
   */
  taskDue: { dueAfter: Duration; escalateAfter: Duration; escalateAgainAfter: Duration };
  /** how long a denial or a partial approval can be appealed against */
  appealWindow: { closesAfter: Duration };
};
export type Step = keyof ServiceLevels;

export const CLAWBACKS = ['repayment', 'wage-deduction'] as const;
/** How money of a reversed claim comes back: the employee transfers it, or payroll withholds it. */
export type Clawback = (typeof CLAWBACKS)[number];

/** What a unit may set for itself; what it leaves out it inherits. Amounts are fen and always CNY. */
export type UnitSettings = {
  serviceLevels: ServiceLevels;
  /**
   * The funding lines of a decision that we pay to the employee. By default all: the employer advances the bureau's part with its own and
   * is reimbursed by the fund. Where a bureau pays employees directly, the unit leaves `bureau_fund` and `large_amount` out: those are then tracked only.
   */
  paysFundingSources: readonly FundingSource[];
  /** a payment above a limit becomes a task for finance */
  payoutLimits: { perInstructionFen: Fen; perDayFen: Fen };
  /** how many claims in a row may take up a denied one */
  maxResubmissions: number;
  clawback: Clawback;
  /** 补充医疗计划: what the employer pays on top, by the id of a plan of domain/rulebooks/plans; null: nothing */
  plan: string | null;
  /** days, within what the law leaves (domain/retention/periods.ts) */
  retention: Partial<Record<ConfigurableRule, number>>;
};

/** What a unit's row stores: any part of it, to any depth of two. A list replaces the inherited list as a whole. */
export type PartialUnitSettings = {
  [K in keyof UnitSettings]?: UnitSettings[K] extends readonly unknown[] | string | number | null
    ? UnitSettings[K]
    : UnitSettings[K] extends ServiceLevels
      ? { [S in Step]?: Partial<ServiceLevels[S]> }
      : Partial<UnitSettings[K]>;
};

export const DEFAULT_SETTINGS: UnitSettings = {
  serviceLevels: {
    employeeMaterials: { remindAfter: { workingDays: 5 }, deadlineAfter: { workingDays: 15 } },
    bureauAcknowledgement: { outageAfter: { workingDays: 1 } },
    bureauReview: { remindAfter: { workingDays: 15 }, escalateAfter: { workingDays: 20 }, escalateAgainAfter: { workingDays: 25 } },
    paymentFailed: { remindAfter: { workingDays: 3 } },
    taskDue: { dueAfter: { workingDays: 3 }, escalateAfter: { workingDays: 5 }, escalateAgainAfter: { workingDays: 8 } },
    // never less than the 60 calendar days for administrative review, whatever holidays fall into them
    appealWindow: { closesAfter: { workingDays: 45 } },
  },
  paysFundingSources: ['bureau_fund', 'large_amount', 'employer_plan'],
  payoutLimits: { perInstructionFen: fen(50_000_000), perDayFen: fen(500_000_000) },
  maxResubmissions: 3,
  clawback: 'repayment',
  plan: null,
  retention: {},
};

/** The settings in force on a unit: the defaults, overlaid by each unit on the way from the root down to it. */
export function mergeSettings(rootToUnit: readonly PartialUnitSettings[]): UnitSettings {
  return rootToUnit.reduce<UnitSettings>(overlay, DEFAULT_SETTINGS);
}

function overlay(base: UnitSettings, own: PartialUnitSettings): UnitSettings {
  const levels = own.serviceLevels ?? {};
  const was = base.serviceLevels;
  return {
    serviceLevels: {
      employeeMaterials: { ...was.employeeMaterials, ...levels.employeeMaterials },
      bureauAcknowledgement: { ...was.bureauAcknowledgement, ...levels.bureauAcknowledgement },
      bureauReview: { ...was.bureauReview, ...levels.bureauReview },
      paymentFailed: { ...was.paymentFailed, ...levels.paymentFailed },
      taskDue: { ...was.taskDue, ...levels.taskDue },
      appealWindow: { ...was.appealWindow, ...levels.appealWindow },
    },
    paysFundingSources: own.paysFundingSources ?? base.paysFundingSources,
    payoutLimits: { ...base.payoutLimits, ...own.payoutLimits },
    maxResubmissions: own.maxResubmissions ?? base.maxResubmissions,
    clawback: own.clawback ?? base.clawback,
    // null is an answer: no plan, whatever the units above have
    plan: own.plan === undefined ? base.plan : own.plan,
    retention: { ...base.retention, ...own.retention },
  };
}
