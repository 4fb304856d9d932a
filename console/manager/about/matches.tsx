import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { STAGE_LABELS } from '#domain/claim/states.ts';
import { ofClaim, ofNothing, useResource } from '../../client/resource.ts';
import { say } from '../../i18n/language.ts';
import { Link } from '../../router.tsx';
import { Button } from '../../ui/button.tsx';
import { groupDigits } from '../../ui/money.tsx';
import { Shown } from '../../ui/states.tsx';
import { formatDay } from '../../ui/time.tsx';
import type { Claim, Matches } from '../contract.ts';
import { t } from '../words.ts';
import { AboutCard, type AboutProps } from './card.tsx';

type Match = Matches['items'][number];

/** What the claim looks like, each other claim beside this one. What lies in another branch is said to be there, and nothing more of it. */
export function SuspectedDuplicate({ task, claim }: AboutProps) {
  const matches = useResource<Matches>(`/v1/claims/${task.claimNumber}/matches`, ofClaim(task.claimNumber));
  return (
    <AboutCard title={t('matches.title')}>
      <Shown of={matches}>
        {({ items }) =>
          items.length === 0 ? (
            <p>{t('matches.none')}</p>
          ) : (
            <ul class="stack">
              {items.map((match, index) => (
                <One key={`${match.kind} ${index}`} match={match} claim={claim} compared={index === items.findIndex(({ other }) => other !== null)} />
              ))}
            </ul>
          )
        }
      </Shown>
    </AboutCard>
  );
}

function One({ match, claim, compared }: { match: Match; claim: Claim | undefined; compared: boolean }) {
  const { label, gradeLabel, grade, reason, other, where, cleared } = match;
  // the first is compared at once
  const open = useSignal(compared);
  return (
    <li class="stack-small">
      <p>
        <span class={grade === 'NOTE' || cleared ? 'tag quiet' : 'tag warn'}>{say(label)}</span> {say(reason ?? gradeLabel)}
      </p>
      <p class="row between">
        {other ? (
          <>
            <span class="muted small">
              {other.unitCode} · <span class="numbers">{other.claimNumber}</span>
            </span>
            {!open.value && <Button onClick={() => void (open.value = true)}>{t('matches.compare')}</Button>}
          </>
        ) : (
          <span class="notice">{t('matches.elsewhere', { where: say(where) })}</span>
        )}
      </p>
      {cleared && <p class="small">{t('matches.cleared', { day: formatDay(cleared.at), comment: cleared.comment ?? '' })}</p>}
      {other && open.value && claim && <Beside claim={claim} number={other.claimNumber} />}
    </li>
  );
}

/** The two claims beside each other, as far as the API shows the other one to this reader. */
function Beside({ claim, number }: { claim: Claim; number: string }) {
  const other = useResource<Claim>(`/v1/claims/${number}`, ofNothing);
  return (
    <Shown of={other}>
      {(found) => (
        <table class="beside-table small">
          <thead>
            <tr>
              <th scope="col">{t('matches.what')}</th>
              <th scope="col">{t('matches.this')}</th>
              <th scope="col">
                <Link href={`/app/manager/claims/${number}?all=1`}>{t('matches.other')}</Link>
              </th>
            </tr>
          </thead>
          <tbody>
            {ROWS.map(({ word, of }) => {
              const [mine, theirs] = [of(claim), of(found)];
              const same = mine === theirs && mine !== '–';
              return (
                <tr key={word}>
                  <th scope="row">{t(word)}</th>
                  <td>{mine}</td>
                  <Cell same={same}>{theirs}</Cell>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Shown>
  );
}

function Cell({ same, children }: { same: boolean; children: ComponentChildren }) {
  return (
    <td>
      {children} {same && <span class="tag warn">{t('matches.same')}</span>}
    </td>
  );
}

const ROWS = [
  { word: 'task.claimant', of: ({ employeeNo }: Claim) => employeeNo },
  { word: 'task.amount', of: ({ submittedAmount }: Claim) => groupDigits(submittedAmount) },
  { word: 'task.visit', of: ({ visit }: Claim) => (visit === null ? '–' : visit.start === visit.end ? visit.start : `${visit.start} – ${visit.end}`) },
  { word: 'task.hospital', of: ({ hospital }: Claim) => hospital?.name ?? '–' },
  { word: 'matches.invoices', of: ({ invoices }: Claim) => (invoices.length === 0 ? '–' : invoices.map(({ number }) => number).join('、')) },
  { word: 'matches.state', of: ({ stage }: Claim) => (stage === null ? '–' : say(STAGE_LABELS[stage])) },
] as const;
