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

/** What the claim looks like, each other claim once and beside this one. What lies in another branch is said to be there, and nothing more of it. */
export function SuspectedDuplicate({ task, claim }: AboutProps) {
  const matches = useResource<Matches>(`/v1/claims/${task.claimNumber}/matches`, ofClaim(task.claimNumber));
  return (
    <AboutCard title={t('matches.title')}>
      <Shown of={matches}>
        {({ items }) => {
          const others = byClaim(items);
          return others.length === 0 ? (
            <p>{t('matches.none')}</p>
          ) : (
            <ul class="findings stack-small">
              {others.map((found, index) => (
                <OneClaim key={found[0]?.other?.claimNumber ?? index} matches={found} claim={claim} first={index === 0} />
              ))}
            </ul>
          );
        }}
      </Shown>
    </AboutCard>
  );
}

/** By the other claim; those of another branch cannot be told apart, and stand alone. What stops the claim comes first. */
function byClaim(items: readonly Match[]): Match[][] {
  const found = new Map<string, Match[]>();
  for (const [index, item] of items.entries()) {
    const key = item.other?.claimNumber ?? `${index}`;
    found.set(key, [...(found.get(key) ?? []), item]);
  }
  const stops = (all: readonly Match[]): number => Number(all.some(({ grade, cleared }) => grade !== 'NOTE' && !cleared));
  return [...found.values()].sort((a, b) => stops(b) - stops(a));
}

function OneClaim({ matches, claim, first }: { matches: readonly Match[]; claim: Claim | undefined; first: boolean }) {
  // the first is compared at once
  const open = useSignal(first);
  const [one] = matches;
  if (!one) return null;
  const { other, where } = one;
  return (
    <li class="stack-small">
      {other ? (
        <p class="row between">
          <span class="muted small">
            {other.unitCode} · <span class="numbers">{other.claimNumber}</span>
          </span>
          {!open.value && <Button onClick={() => void (open.value = true)}>{t('matches.compare')}</Button>}
        </p>
      ) : (
        <p class="notice">{t('matches.elsewhere', { where: say(where) })}</p>
      )}
      {matches.map(({ kind, label, grade, gradeLabel, reason, cleared }) => (
        <p key={kind}>
          <span class={grade === 'NOTE' || cleared ? 'tag quiet' : 'tag warn'}>{say(label)}</span> {say(reason ?? gradeLabel)}
          {cleared && <span class="small"> {t('matches.cleared', { day: formatDay(cleared.at), comment: cleared.comment ?? '' })}</span>}
        </p>
      ))}
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
