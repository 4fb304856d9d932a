import { useResource, ofClaim } from '../../client/resource.ts';
import { say } from '../../i18n/language.ts';
import { groupDigits } from '../../ui/money.tsx';
import { Shown } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import type { History, Progress, Task } from '../contract.ts';
import { faultLabel } from '../labels.ts';
import { t } from '../words.ts';
import { AboutCard, textOf, type AboutProps } from './card.tsx';

const SHOWN = 6;

/** How long the claim has been with the bureau, whose level this is, and what happened so far. */
export function Waiting({ task }: { task: Task }) {
  const { claimNumber, level, kind } = task;
  const progress = useResource<Progress>(`/v1/claims/${claimNumber}/progress`, ofClaim(claimNumber));
  const history = useResource<History>(`/v1/claims/${claimNumber}/history`, ofClaim(claimNumber));
  const since = progress.value?.turn?.since;
  return (
    <AboutCard title={t('waiting.title')}>
      {kind === 'ESCALATION' && <p>{t(level === 1 ? 'waiting.level.1' : 'waiting.level.2')}</p>}
      {since && (
        <p>
          {t('waiting.since')} <Time at={since} />
        </p>
      )}
      <Shown of={history}>
        {({ items }) => (
          <ol class="timeline" aria-label={t('waiting.history')}>
            {items
              .slice(-SHOWN)
              .sort((a, b) => b.seq - a.seq)
              .map(({ seq, at, remark, actorLabel }, index) => (
                <li key={seq} class={index === 0 ? 'current' : 'done'}>
                  {say(remark)}
                  <br />
                  <span class="muted small">
                    <Time at={at} /> · {say(actorLabel)}
                  </span>
                </li>
              ))}
          </ol>
        )}
      </Shown>
    </AboutCard>
  );
}

/** Why the bureau's answer did not count, or why it would not take the claim. */
export function AnswerFault({ task }: { task: Task }) {
  const [code, fault, decisionNo] = [textOf(task, 'code'), textOf(task, 'fault'), textOf(task, 'decisionNo')];
  return (
    <AboutCard>
      {code !== undefined && <p>{t('answer.refused', { why: faultLabel(code) })}</p>}
      {fault !== undefined && <p>{t('answer.fault', { why: faultLabel(fault), no: decisionNo ?? '' })}</p>}
      <p class="muted small">{t('answer.nothing')}</p>
    </AboutCard>
  );
}

type Written = {
  decisionNo: string;
  outcome: 'APPROVED' | 'PARTIALLY_APPROVED' | 'DENIED';
  lines: { lineNo: number; benefitFen: number }[];
  documentId?: string;
};

/** What somebody else has entered of the bureau's letter, line by line beside what was claimed, to be compared with the scan. */
export function WrittenByAnother({ task, claim }: AboutProps) {
  const written = task.detail['written'] as Written | undefined;
  if (!written) return null;
  const scan = claim?.documents.find(({ documentId }) => documentId === written.documentId);
  const total = written.lines.reduce((sum, { benefitFen }) => sum + benefitFen, 0);
  return (
    <AboutCard title={t('written.title')}>
      <p class="notice">{t('written.compare')}</p>
      <dl class="facts">
        <dt>{t('written.no')}</dt>
        <dd class="numbers">{written.decisionNo}</dd>
        <dt>{t('written.outcome')}</dt>
        <dd class="strong">{t(`written.${written.outcome}`)}</dd>
        {scan && (
          <>
            <dt>{t('written.document')}</dt>
            <dd>{scan.fileName}</dd>
          </>
        )}
      </dl>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('lines.item')}</th>
            <th scope="col" class="number">
              {t('lines.amount')}
            </th>
            <th scope="col" class="number">
              {t('written.granted')}
            </th>
          </tr>
        </thead>
        <tbody>
          {written.lines.map(({ lineNo, benefitFen }) => {
            const line = claim?.lines.find((each) => each.lineNo === lineNo);
            return (
              <tr key={lineNo}>
                <td>{line?.itemName ?? lineNo}</td>
                <td class="number">{line ? groupDigits(line.amount) : ''}</td>
                <td class="number strong">{yuanOf(benefitFen)}</td>
              </tr>
            );
          })}
          <tr>
            <th scope="row">{t('written.sum')}</th>
            <td class="number">{claim && groupDigits(claim.submittedAmount)}</td>
            <td class="number strong">{yuanOf(total)}</td>
          </tr>
        </tbody>
      </table>
    </AboutCard>
  );
}

/** Fen of a task's detail, which are whole numbers. */
const yuanOf = (fen: number): string => groupDigits(`${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`);
