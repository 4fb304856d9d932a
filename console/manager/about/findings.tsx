import { DOCUMENT_KINDS } from '#domain/claim/completeness.ts';
import { ofClaim, useResource } from '../../client/resource.ts';
import { say } from '../../i18n/language.ts';
import { Shown } from '../../ui/states.tsx';
import type { Claim, Findings } from '../contract.ts';
import { t } from '../words.ts';
import { AboutCard, textOf, type AboutProps } from './card.tsx';

type Finding = Findings['items'][number];
const stops = ({ blocking, overruled }: Finding): boolean => blocking && overruled === null;

/** What the pre-review found: what keeps the claim from being sent, each with where it is and what could be done; the rest behind one line. */
export function FoundByReview({ task, claim }: AboutProps) {
  const findings = useResource<Findings>(`/v1/claims/${task.claimNumber}/findings`, ofClaim(task.claimNumber));
  const asked = textOf(task, 'reason');
  return (
    <AboutCard title={t('findings.title')}>
      {asked !== undefined && <p class="notice">{t('findings.asked', { reason: asked })}</p>}
      <Shown of={findings}>
        {({ items }) => {
          const [standing, others] = [items.filter(stops), items.filter((one) => !stops(one))];
          return (
            <>
              {standing.length === 0 && <p>{t('findings.none')}</p>}
              <ol class="findings stack-small">
                {standing.map((one, index) => (
                  <One key={index} one={one} claim={claim} />
                ))}
              </ol>
              {others.length > 0 && (
                <details>
                  <summary>{t('findings.others', { n: others.length })}</summary>
                  <ul class="findings stack-small">
                    {others.map((one, index) => (
                      <One key={index} one={one} claim={claim} />
                    ))}
                  </ul>
                </details>
              )}
            </>
          );
        }}
      </Shown>
    </AboutCard>
  );
}

function One({ one, claim }: { one: Finding; claim: Claim | undefined }) {
  const { code, text, next, mendedBy, claimed, found, overruled } = one;
  return (
    <li class="stack-small">
      <p class="strong">
        {say(text)} <span class="muted small code">{code}</span>
      </p>
      <p class="muted small">{whereOf(one, claim)}</p>
      {(claimed !== null || found !== null) && (
        <dl class="facts small">
          <dt>{t('findings.claimed')}</dt>
          <dd>{claimed ?? '–'}</dd>
          <dt>{t('findings.found')}</dt>
          <dd class="strong">{found ?? '–'}</dd>
        </dl>
      )}
      <p class="small">
        {t(`findings.by.${mendedBy}`)}
        {mendedBy === 'employee' && say(next)}
      </p>
      {overruled !== null && <p class="small notice">{t('findings.overruled', { comment: overruled.comment ?? '' })}</p>}
    </li>
  );
}

/** Which line, which document, which invoice. */
function whereOf({ lineNo, document, documentId, invoiceNo }: Finding, claim: Claim | undefined): string {
  const line = claim?.lines.find((each) => each.lineNo === lineNo);
  const file = claim?.documents.find((each) => each.documentId === documentId);
  const kind = document ?? file?.kind;
  const parts = [
    lineNo === null ? '' : t('findings.line', { n: lineNo, item: line?.itemName ?? '' }),
    kind === undefined ? '' : t('findings.document', { what: [say(DOCUMENT_KINDS[kind]), file?.fileName].filter(Boolean).join(' ') }),
    invoiceNo === null ? '' : t('findings.invoice', { no: invoiceNo }),
  ].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(' · ') : t('findings.whole');
}
