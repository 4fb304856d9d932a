import { ofClaim, useResource } from '../client/resource.ts';
import { say } from '../i18n/language.ts';
import { Fact } from '../ui/fact.tsx';
import { Money } from '../ui/money.tsx';
import { Time } from '../ui/time.tsx';
import type { Decisions, Entitlement, Payments, Progress } from './contract.ts';
import { EstimateCard } from './estimate-card.tsx';
import { t } from './words.ts';

/** What was claimed, approved and paid, and every yuan that was not, line by line; before a decision what is to be expected. */
export function Amounts({ number, progress }: { number: string; progress: Progress }) {
  const path = `/v1/claims/${encodeURIComponent(number)}`;
  const decided = progress.amounts.approved !== null;
  const decisions = useResource<Decisions>(decided ? `${path}/decisions` : null, ofClaim(number));
  const entitlement = useResource<Entitlement>(decided ? null : `${path}/entitlement`, ofClaim(number));
  const payments = useResource<Payments>(decided ? `${path}/payments` : null, ofClaim(number));
  const { submitted, approved, payable, paid } = progress.amounts;
  const decision = decisions.value?.items.at(-1);
  return (
    <>
      <section class="card" aria-labelledby="amounts">
        <h2 id="amounts">{t('amounts.title')}</h2>
        <dl class="facts">
          <dt>{t('amounts.submitted')}</dt>
          <dd>
            <Money yuan={submitted} />
          </dd>
          {approved !== null && (
            <Fact label={t('amounts.approved')}>
              <Money yuan={approved} strong />
            </Fact>
          )}
          {payable !== null && payable !== approved && (
            <Fact label={t('amounts.payable')}>
              <Money yuan={payable} />
            </Fact>
          )}
          {paid !== '0.00' && (
            <Fact label={t('amounts.paid')}>
              <Money yuan={paid} strong />
            </Fact>
          )}
        </dl>
        {decision && <DecisionLines decision={decision} />}
        {payments.value && payments.value.items.length > 0 && (
          <ul class="stack-small small">
            {payments.value.items.map(({ reference, amount, accountTail, status, settledAt, createdAt }) => (
              <li key={reference} class="row between">
                <span>
                  {t(`payment.${status}`)} · {t('payment.account', { tail: accountTail })}
                </span>
                <span>
                  <Money yuan={amount} /> <Time at={settledAt ?? createdAt} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
      {/* what was expected is no amount any more once it was decided; the page may have been open meanwhile */}
      {!decided && entitlement.value && <EstimateCard estimate={entitlement.value} />}
    </>
  );
}

function DecisionLines({ decision }: { decision: Decisions['items'][number] }) {
  const cut = decision.lines.filter(({ submitted, benefit }) => submitted !== benefit);
  return (
    <>
      {decision.reasons.map(({ code, text, label, next }) => (
        <p key={code} class="notice warn">
          {label ? say(label) : text}
          {next && <span class="small"> · {say(next)}</span>}
        </p>
      ))}
      {decision.remark !== '' && <p class="small">{t('decision.remark', { remark: decision.remark })}</p>}
      <details>
        <summary>{t(cut.length > 0 ? 'decision.cut' : 'decision.lines')}</summary>
        <ul class="stack">
          {decision.lines.map(({ lineNo, submitted, benefit, deductible, adjustments }) => (
            <li key={lineNo}>
              <div class="row between">
                <span class="strong">{t('decision.line', { n: lineNo })}</span>
                <span>
                  <Money yuan={benefit} strong />
                  <span class="muted small">
                    {' / '}
                    <Money yuan={submitted} />
                  </span>
                </span>
              </div>
              <dl class="facts small">
                {deductible !== '0.00' && !adjustments.some(({ code }) => code === 'DEDUCTIBLE' || code === '1') && (
                  <Fact label={t('rule.deductible')}>
                    <Money yuan={`-${deductible}`} />
                  </Fact>
                )}
                {adjustments.map(({ code, amount, label }) => (
                  <Fact label={label ? say(label) : code}>
                    <Money yuan={`-${amount}`} />
                  </Fact>
                ))}
              </dl>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
