import type { Actor, Role } from './actor.ts';
import { refuseSigners } from './signers.ts';

/** What a person may be asked to decide, with the choices there really are. */
const KINDS = {
  /** 疑似重复: HR says whether it is the same bill */
  DUPLICATE_REVIEW: { role: 'hr', choices: ['NOT_DUPLICATE', 'DUPLICATE'] },
  /** 预审复核: what the review of a claim found and the employee cannot mend, or does not accept */
  PRE_REVIEW: { role: 'hr', choices: ['OVERRULE', 'RETURN', 'REFUSE'] },
  /** a person's turn in a step of the unit's approval flow (domain/approval/) */
  APPROVAL: { role: 'approver', choices: ['APPROVE', 'REFUSE', 'TRANSFER', 'RETURN', 'ADD_BEFORE', 'ADD_AFTER', 'ADD_PARALLEL', 'CC'] },
  /** the bureau has been silent beyond the service level */
  ESCALATION: { role: 'approver', choices: ['WAIT', 'RESUBMIT', 'RECORD_DECISION', 'RETURN', 'REFUSE'] },
  /** the bureau's answer does not add up, or it would not take the submission */
  BUREAU_ANSWER_CHECK: { role: 'hr', choices: ['WAIT', 'RESUBMIT', 'RECORD_DECISION', 'RETURN', 'REFUSE'] },
  /** four eyes on a written decision that somebody else recorded */
  CONFIRM_DECISION: { role: 'approver', choices: ['CONFIRM', 'REJECT'] },
  /** an appeal against a decision of the employer's own */
  APPEAL_REVIEW: { role: 'hr', choices: ['UPHOLD', 'GRANT'] },
  /** an instruction may not be made (a limit, our own account is short), or what the bank says of one does not fit; `payoutChoices` has the choices */
  PAYOUT_ATTENTION: { role: 'finance', choices: ['RETRY', 'RELEASE_LIMIT', 'CONFIRM_PAID', 'CONFIRM_FAILED'] },
  /** four eyes on what became of an instruction that the bank's records do not tell for certain */
  CONFIRM_PAYOUT: { role: 'finance', choices: ['CONFIRM_PAID', 'CONFIRM_FAILED', 'REJECT'] },
  /** money has to come back from the employee */
  CLAWBACK: { role: 'finance', choices: ['RECOVERED', 'CANCEL'] },
} as const satisfies Record<string, { role: Role; choices: readonly string[] }>;

export type TaskKind = keyof typeof KINDS;
export const TASK_KINDS = Object.keys(KINDS) as TaskKind[];
export type TaskChoice = (typeof KINDS)[TaskKind]['choices'][number];

export function choicesOf(kind: TaskKind): readonly TaskChoice[] {
  return KINDS[kind].choices;
}

/** Before anything else can happen to the claim: unlike what is asked about a bureau or a payment, which have clocks of their own. */
const DECIDES_WHETHER: readonly TaskKind[] = ['DUPLICATE_REVIEW', 'PRE_REVIEW', 'APPROVAL', 'APPEAL_REVIEW'];

/** The open tasks without which a claim goes no further. */
export function tasksInTheWay<Task extends Pick<OpenTask, 'kind'>>(tasks: readonly Task[]): Task[] {
  return tasks.filter(({ kind }) => DECIDES_WHETHER.includes(kind));
}

/** What finance may choose, by what is the matter with a payout. What is in doubt is neither tried again nor released: somebody says what happened. */
export function payoutChoices(block: string): readonly TaskChoice[] {
  if (block === 'OWN_ACCOUNT_SHORT') return ['RETRY'];
  if (block === 'ABOVE_LIMIT' || block === 'ABOVE_DAILY_LIMIT') return ['RETRY', 'RELEASE_LIMIT'];
  return ['CONFIRM_PAID', 'CONFIRM_FAILED'];
}

/** Whether a task asks what became of an instruction: while one is open, no other instruction is made. */
export function asksOutcome({ choices }: Pick<OpenTask, 'choices'>): boolean {
  return choices.includes('CONFIRM_PAID') || choices.includes('CONFIRM_FAILED');
}

export function roleOf(kind: TaskKind): Role {
  return KINDS[kind].role;
}

const COMMENT_NEEDED: ReadonlySet<string> = new Set<TaskChoice>([
  ...(['REFUSE', 'RETURN', 'TRANSFER', 'DUPLICATE', 'NOT_DUPLICATE', 'OVERRULE'] as const),
  ...(['UPHOLD', 'REJECT', 'RELEASE_LIMIT', 'CONFIRM_PAID', 'CONFIRM_FAILED'] as const),
]);

/** Refusing, returning, passing on and overruling are explained in words. */
export function needsComment(choice: string): boolean {
  return COMMENT_NEEDED.has(choice);
}

/** An open task as the workflow knows it. `assignees`: these people alone decide it, whatever their roles; whoever holds the role where there are none. */
export type OpenTask = {
  id: string;
  kind: TaskKind;
  role: Role;
  level: number;
  version: number;
  choices: readonly string[];
  excluded: readonly string[];
  assignees?: readonly string[];
};

export type TaskRefusal =
  | 'FORBIDDEN'
  | 'TASK_ALREADY_DECIDED'
  | 'CHOICE_NOT_OFFERED'
  | 'COMMENT_REQUIRED'
  | 'OWN_CLAIM'
  | 'SECOND_PERSON_REQUIRED'
  | 'VALIDATION_FAILED';

/** Whether `decision` may be taken now. `claimantId` is the employee whose claim it is. */
export function refuseDecision(input: {
  tasks: readonly OpenTask[];
  claimantId: string;
  decision: { taskId: string; choice: string; comment: string | null; employeeId: string; actor?: Actor; written?: unknown };
}): TaskRefusal | null {
  const { tasks, claimantId, decision } = input;
  const task = tasks.find(({ id }) => id === decision.taskId);
  if (!task) return 'TASK_ALREADY_DECIDED';
  const inPlaceOf = decision.actor?.type === 'person' ? decision.actor.onBehalfOf : undefined;
  const signers = inPlaceOf === undefined ? [decision.employeeId] : [decision.employeeId, inPlaceOf];
  const fault = refuseSigners(signers, { claimantId, excluded: task.excluded });
  if (fault) return fault;
  const { assignees = [] } = task;
  if (assignees.length > 0 && !assignees.includes(inPlaceOf ?? decision.employeeId)) return 'FORBIDDEN';
  if (!task.choices.includes(decision.choice)) return 'CHOICE_NOT_OFFERED';
  if (needsComment(decision.choice) && !decision.comment?.trim()) return 'COMMENT_REQUIRED';
  if (decision.choice === 'RECORD_DECISION' && decision.written === undefined) return 'VALIDATION_FAILED';
  return null;
}
