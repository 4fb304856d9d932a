import { CLAIM_KINDS } from '#domain/claim/completeness.ts';
import { ofClaim, useResource } from '../client/resource.ts';
import { say } from '../i18n/language.ts';
import type { Params } from '../router.tsx';
import { Page } from '../ui/page.tsx';
import { StageBar } from '../ui/stage-bar.tsx';
import { NotFound, Shown } from '../ui/states.tsx';
import { Due, Time } from '../ui/time.tsx';
import { Amounts } from './amounts.tsx';
import { Content, Documents, FindingList, MessageList } from './claim-parts.tsx';
import type { Claim, Findings, Progress } from './contract.ts';
import { NextStep } from './next-step.tsx';
import { t } from './words.ts';

/** One claim: where it is, who has it and until when, the one thing to do, and everything that was said and paid. */
export function ClaimPage({ params: { number = '' } }: { params: Params }) {
  const about = ofClaim(number);
  const path = `/v1/claims/${encodeURIComponent(number)}`;
  const progress = useResource<Progress>(`${path}/progress`, about);
  const claim = useResource<Claim>(path, about);
  const findings = useResource<Findings>(`${path}/findings`, about);
  const reload = (): void => {
    for (const one of [progress, claim, findings]) one.reload();
  };
  if (progress.failure?.status === 404) return <NotFound />;
  return (
    <Page title={claim.value ? say(CLAIM_KINDS[claim.value.kind]) : t('claim.title')} back="/">
      <p class="muted numbers">{number}</p>
      <Shown of={progress}>
        {(shown) => (
          <>
            <div class="card">
              <StageBar stages={shown.stages} />
              {shown.note && <p class={shown.note.code === 'DENIED' ? 'tag bad' : 'tag warn'}>{say(shown.note.label)}</p>}
            </div>
            <Turn progress={shown} />
            {claim.value?.state === 'DRAFT' && <Content claim={claim.value} />}
            <NextStep number={number} progress={shown} claim={claim.value} onDone={reload} />
            <Amounts number={number} progress={shown} />
            {findings.value && <FindingList findings={findings.value} listed={shown.missingDocuments.length > 0} />}
            <Timeline stages={shown.stages} />
            {claim.value && claim.value.state !== 'DRAFT' && <Content claim={claim.value} />}
            {claim.value && <Documents claim={claim.value} />}
            <MessageList number={number} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function Turn({ progress }: { progress: Progress }) {
  const { turn, expectedBy, expectedInWorkingDays, provisional } = progress;
  if (!turn) return null;
  return (
    <p class={turn.party === 'employee' ? 'card turn mine' : 'card turn'}>
      {t(turn.party === 'employee' ? 'claim.your-turn' : 'claim.turn', { who: say(turn.label) })}
      {expectedBy !== null && (
        <>
          <br />
          <Due at={expectedBy} workingDays={expectedInWorkingDays} provisional={provisional} />
        </>
      )}
    </p>
  );
}

function Timeline({ stages }: { stages: Progress['stages'] }) {
  return (
    <section class="card" aria-labelledby="timeline">
      <h2 id="timeline">{t('claim.timeline')}</h2>
      <ol class="timeline">
        {stages.map(({ stage, label, status, at, updatedAt, actor, remark }) => (
          <li key={stage} class={status}>
            <span class={status === 'current' ? 'strong' : undefined}>{say(label)}</span>
            {at !== null && (
              <span class="muted small">
                {' '}
                <Time at={at} />
              </span>
            )}
            {remark && (
              <p class="small">
                {actor && <span class="muted">{say(actor)} · </span>}
                {say(remark)}
                {updatedAt !== null && updatedAt !== at && (
                  <span class="muted">
                    {' '}
                    <Time at={updatedAt} />
                  </span>
                )}
              </p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
