import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { CLAIM_KINDS } from '#domain/claim/completeness.ts';
import { STAGE_LABELS, STAGE_NOTES, STAGES } from '#domain/claim/states.ts';
import { useResource } from '../client/resource.ts';
import { session } from '../client/session.ts';
import { say } from '../i18n/language.ts';
import { Link } from '../router.tsx';
import { Money } from '../ui/money.tsx';
import { Page } from '../ui/page.tsx';
import { StageBar } from '../ui/stage-bar.tsx';
import { Empty, Shown } from '../ui/states.tsx';
import { formatDay } from '../ui/time.tsx';
import type { ClaimSummary, Progress } from './contract.ts';
import { hasDraft } from './new/draft.ts';
import { t } from './words.ts';

/** 我的报销进度: what is open with its five stages, what waits for the reader first. */
export function HomePage() {
  const me = session.value?.employeeNo ?? '';
  const claims = useResource<{ items: ClaimSummary[] }>(`/v1/claims?limit=50&employeeNo=${encodeURIComponent(me)}`);
  const drafted = useSignal(false);
  useEffect(() => {
    void hasDraft().then((found) => void (drafted.value = found));
  }, []);
  return (
    <Page title={t('home.title')}>
      <Link class="button primary wide" href="/app/new">
        {t(drafted.value ? 'home.go-on' : 'home.new')}
      </Link>
      <Shown of={claims}>
        {({ items }) => {
          const open = items.filter(isOpen).sort((a, b) => Number(b.turn === 'employee') - Number(a.turn === 'employee'));
          const past = items.filter((claim) => !isOpen(claim));
          return (
            <>
              {items.length === 0 && (
                <Empty>
                  <p>{t('home.none')}</p>
                  <p class="muted">{t('home.none.text')}</p>
                </Empty>
              )}
              {open.map((claim) => (
                <ClaimCard key={claim.number} claim={claim} />
              ))}
              {past.length > 0 && (
                <section class="stack-small" aria-labelledby="past">
                  <h2 id="past">{t('home.past')}</h2>
                  <ul class="list">
                    {past.map((claim) => (
                      <li key={claim.number}>
                        <Link class="row between claim-card" href={`/app/claims/${claim.number}`}>
                          <span class="grow">
                            {say(CLAIM_KINDS[claim.kind])} <Outcome claim={claim} />
                            <span class="muted small"> {formatDay(claim.createdAt)}</span>
                          </span>
                          <Money yuan={claim.state === 'PAID' ? claim.paidAmount : claim.submittedAmount} />
                        </Link>
                      </li>
                    ))}
                  </ul>
                </section>
              )}
            </>
          );
        }}
      </Shown>
    </Page>
  );
}

/** Still worth a look: not over, or over in a way that something can be done about. */
const isOpen = ({ closedAt, state }: ClaimSummary): boolean => closedAt === null && state !== 'PAID';

function ClaimCard({ claim }: { claim: ClaimSummary }) {
  const mine = claim.turn === 'employee' || claim.state === 'DRAFT';
  return (
    <Link class="card claim-card" href={`/app/claims/${claim.number}`}>
      <div class="row between">
        <h2 class="grow">{say(CLAIM_KINDS[claim.kind])}</h2>
        <Money yuan={claim.submittedAmount} strong />
      </div>
      <StageBar stages={stagesOf(claim)} />
      <div class="row between">
        <Outcome claim={claim} />
        {mine ? (
          <span class="tag warn">{t('home.your-turn')}</span>
        ) : (
          claim.dueAt !== null && (
            <span class="muted small">{t(claim.state === 'DENIED' ? 'home.appeal' : 'home.expected', { date: formatDay(claim.dueAt) })}</span>
          )
        )}
      </div>
    </Link>
  );
}

function Outcome({ claim }: { claim: ClaimSummary }) {
  const { note, stage, state } = claim;
  if (note !== null)
    return <span class={`tag ${note === 'DENIED' ? 'bad' : note === 'WITHDRAWN' || note === 'REVERSED' ? 'quiet' : 'warn'}`}>{say(STAGE_NOTES[note])}</span>;
  return stage === null ? null : <span class={state === 'PAID' ? 'tag good' : 'tag'}>{say(STAGE_LABELS[stage])}</span>;
}

/** The stages as a list knows them: the page of the claim has the times as well. */
function stagesOf({ stage, ended, state }: ClaimSummary): Progress['stages'] {
  const at = stage === null ? -1 : STAGES.indexOf(stage);
  return STAGES.map((one, index) => {
    const done = index < at || (index === at && state === 'PAID');
    const status = done ? 'done' : index === at ? (ended ? 'ended' : 'current') : ended ? 'not-reached' : 'upcoming';
    return { stage: one, label: STAGE_LABELS[one], status, at: null, updatedAt: null, actor: null, remark: null };
  });
}
