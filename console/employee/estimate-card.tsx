import { DOCUMENT_KINDS } from '#domain/claim/completeness.ts';
import { say } from '../i18n/language.ts';
import { Fact } from '../ui/fact.tsx';
import { Money } from '../ui/money.tsx';
import type { Entitlement, Estimate } from './contract.ts';
import { t } from './words.ts';

/** What would be paid, and where every yuan of the rest goes. */
export function EstimateCard({ estimate }: { estimate: Estimate | Entitlement }) {
  const findings = 'findings' in estimate ? estimate.findings : [];
  const missing = findings.flatMap(({ document }) => (document === null ? [] : [say(DOCUMENT_KINDS[document])]));
  return (
    <section class="card" aria-label={t('estimate.title')}>
      <h2>{t('estimate.title')}</h2>
      {!estimate.covered || estimate.benefit === null ? (
        <p>{say(estimate.explanation)}</p>
      ) : (
        <>
          <p class="figure">
            <Money yuan={estimate.benefit} />
          </p>
          <dl class="facts">
            {estimate.funding.map(({ source, amount }) => (
              <Fact key={source} label={t(`fund.${source}`)}>
                <Money yuan={amount} />
              </Fact>
            ))}
            {estimate.deductions.map(({ rule, amount }, index) => (
              <Fact key={`${rule}${index}`} label={t(`rule.${rule}`)}>
                <Money yuan={`-${amount}`} />
              </Fact>
            ))}
          </dl>
          <details>
            <summary>{t('estimate.why')}</summary>
            <div class="stack-small small">
              <p>{say(estimate.explanation)}</p>
              {estimate.steps.map((step) => (
                <p key={step.zh}>{say(step)}</p>
              ))}
              {estimate.unconfirmed.map((text) => (
                <p key={text.zh} class="muted">
                  {say(text)}
                </p>
              ))}
            </div>
          </details>
        </>
      )}
      {missing.length > 0 && <p class="notice warn small">{t('estimate.missing', { kinds: missing.join(t('list')) })}</p>}
      {findings
        .filter(({ document }) => document === null)
        .map(({ code, text, lineNo }) => (
          <p key={`${code}${lineNo ?? ''}`} class="notice warn small">
            {lineNo !== null && `${t('decision.line', { n: lineNo })} · `}
            {say(text)}
          </p>
        ))}
      <p class="muted small">{t('estimate.only')}</p>
    </section>
  );
}
