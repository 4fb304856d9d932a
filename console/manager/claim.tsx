import { useEffect } from 'preact/hooks';
import type { Claim, Progress } from '#api/contract/claims.ts';
import type { TaskJson } from '#api/contract/tasks.ts';
import { ofClaim, useResource } from '../client/resource.ts';
import { Link, navigate, query, type Params } from '../router.tsx';
import { Money } from '../ui/money.tsx';
import { Page } from '../ui/page.tsx';
import { Shown } from '../ui/states.tsx';
import { StageBar } from '../ui/stage-bar.tsx';
import { kindLabel } from './labels.ts';
import { Evidence } from './task.tsx';
import { TimeLeft } from './time-left.tsx';
import { Trail } from './trail.tsx';
import { t } from './words.ts';

/**
 * A claim as those see it who decide: what messages link to. Who has one thing to decide on it is taken there; `?all=1` is for whoever comes from there.
 */
export function ClaimPage({ params }: { params: Params }) {
  const { number = '' } = params;
  const claim = useResource<Claim>(`/v1/claims/${number}`, ofClaim(number));
  const progress = useResource<Progress>(`/v1/claims/${number}/progress`, ofClaim(number));
  const tasks = useResource<{ items: TaskJson[] }>(`/v1/tasks?box=todo&claimNumber=${number}`, ofClaim(number));
  const [only, ...others] = tasks.value?.items ?? [];
  const straight = query('all') === null && only !== undefined && others.length === 0;
  useEffect(() => {
    if (straight) navigate(`/app/manager/tasks/${only.id}`, { replace: true });
  }, [straight]);
  return (
    <Page title={t('claim.title', { number })} back="/app/manager" wide aside={claim.value && <Money yuan={claim.value.submittedAmount} strong />}>
      {progress.value && (
        <section class="card" aria-label={t('claim.state')}>
          <StageBar stages={progress.value.stages} />
        </section>
      )}
      {tasks.value && (
        <section class="stack-small">
          <h2>{t('claim.tasks')}</h2>
          {tasks.value.items.length === 0 ? (
            <p class="muted">{t('claim.none')}</p>
          ) : (
            <ul class="list">
              {tasks.value.items.map((task) => (
                <li key={task.id} class="row between">
                  <Link class="button" href={`/app/manager/tasks/${task.id}`}>
                    {kindLabel(task.kind)}
                  </Link>
                  <TimeLeft task={task} />
                </li>
              ))}
            </ul>
          )}
        </section>
      )}
      <Shown of={claim}>
        {(found) => (
          <div class="stack">
            <Evidence claim={found} />
            <Trail number={number} />
          </div>
        )}
      </Shown>
    </Page>
  );
}
