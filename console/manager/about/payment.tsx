import { ofClaim, useResource } from '../../client/resource.ts';
import { groupDigits, Money } from '../../ui/money.tsx';
import { Shown } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import type { Payments, Task } from '../contract.ts';
import { blockLabel, blockMeans, choiceLabel } from '../labels.ts';
import { t } from '../words.ts';
import { AboutCard, textOf, type AboutProps } from './card.tsx';

/** What holds a payment up or does not fit, what that means, and what became of every instruction so far. */
export function PaymentTrouble({ task, claim }: AboutProps) {
  const [block, reference, proposed] = [textOf(task, 'block'), textOf(task, 'reference'), textOf(task, 'proposed')];
  const payments = useResource<Payments>(`/v1/claims/${task.claimNumber}/payments`, ofClaim(task.claimNumber));
  return (
    <AboutCard title={t('payment.title')}>
      {block !== undefined && (
        <>
          <p class="strong">{blockLabel(block)}</p>
          <p>{blockMeans(block)}</p>
        </>
      )}
      {proposed !== undefined && <p class="notice">{t('payment.proposed', { choice: choiceLabel(proposed) })}</p>}
      {claim && (
        <dl class="facts">
          <dt>{t('payment.payable')}</dt>
          <dd>{claim.payableAmount === null ? '–' : <Money yuan={claim.payableAmount} strong />}</dd>
          <dt>{t('payment.paid')}</dt>
          <dd>
            <Money yuan={claim.paidAmount} />
          </dd>
        </dl>
      )}
      <Shown of={payments}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="muted">{t('payment.none')}</p>
          ) : (
            <ul class="stack-small">
              {items.map((one) => (
                <Instruction key={one.reference} one={one} asked={one.reference === reference} />
              ))}
            </ul>
          )
        }
      </Shown>
    </AboutCard>
  );
}

const TAG = { CREATED: 'tag quiet', UNKNOWN: 'tag warn', IN_FLIGHT: 'tag', SUCCEEDED: 'tag good', FAILED: 'tag bad', RETURNED: 'tag bad' } as const;

function Instruction({ one, asked }: { one: Payments['items'][number]; asked: boolean }) {
  const { reference, attempt, amount, status, accountTail, sentAt, settledAt, matchedAt, returnedAt } = one;
  const steps = [
    { word: 'payment.sent', at: sentAt },
    { word: 'payment.settled', at: settledAt },
    { word: 'payment.matched', at: matchedAt },
    { word: 'payment.returned', at: returnedAt },
  ] as const;
  return (
    <li>
      <p class="row between">
        <span>
          <span class={TAG[status]}>{t(`payment.${status}`)}</span> {asked && <strong>{t('payment.this')}</strong>}
        </span>
        <strong class="numbers">{groupDigits(amount)}</strong>
      </p>
      <p class="muted small">
        {t('payment.attempt', { n: attempt, tail: accountTail })} · <span class="code">{reference}</span>
      </p>
      <p class="small">
        {steps.flatMap(({ word, at }) =>
          at === null
            ? []
            : [
                <span key={word}>
                  {t(word)} <Time at={at} />{' '}
                </span>,
              ],
        )}
      </p>
    </li>
  );
}

/** What is asked back, and how the unit has it. */
export function MoneyToRecover({ task }: { task: Task }) {
  const [reason, amount, how] = [textOf(task, 'reason'), textOf(task, 'amount'), textOf(task, 'how')];
  return (
    <AboutCard>
      {amount !== undefined && (
        <p>
          {t('clawback.amount')} <Money yuan={amount} strong />
        </p>
      )}
      {reason !== undefined && <p>{t('clawback.reason', { reason })}</p>}
      {how !== undefined && <p>{t(how === 'wage-deduction' ? 'clawback.wages' : 'clawback.repayment')}</p>}
    </AboutCard>
  );
}
