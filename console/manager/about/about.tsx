import { AppealedDecision } from './appealed-decision.tsx';
import { AnswerFault, Waiting, WrittenByAnother } from './bureau.tsx';
import type { AboutProps } from './card.tsx';
import { FoundByReview } from './findings.tsx';
import { SuspectedDuplicate } from './matches.tsx';
import { MoneyToRecover, PaymentTrouble } from './payment.tsx';

/** What a task is about, kind by kind: what somebody has to know to decide it, and would otherwise have to go and look for. */
export function About({ task, claim }: AboutProps) {
  // nothing but the choice is for who may not see it
  if (task.medical === 'hidden') return null;
  switch (task.kind) {
    case 'PRE_REVIEW':
      return <FoundByReview task={task} claim={claim} />;
    case 'DUPLICATE_REVIEW':
      return <SuspectedDuplicate task={task} claim={claim} />;
    case 'ESCALATION':
      return <Waiting task={task} />;
    case 'BUREAU_ANSWER_CHECK':
      return (
        <>
          <AnswerFault task={task} />
          <Waiting task={task} />
        </>
      );
    case 'CONFIRM_DECISION':
      return <WrittenByAnother task={task} claim={claim} />;
    case 'APPEAL_REVIEW':
      return <AppealedDecision task={task} />;
    case 'PAYOUT_ATTENTION':
    case 'CONFIRM_PAYOUT':
      return <PaymentTrouble task={task} claim={claim} />;
    case 'CLAWBACK':
      return <MoneyToRecover task={task} />;
    case 'APPROVAL':
      return null;
  }
}
