import type { OperationsHealth } from '#api/contract/operations.ts';
import { say } from '../i18n/language.ts';
import { Page } from '../ui/page.tsx';
import { Shown } from '../ui/states.tsx';
import { formatTime, Time } from '../ui/time.tsx';
import { useFresh } from './fresh.ts';
import { Tabs } from './tabs.tsx';
import { codeWord, t } from './words.ts';

/** How bureaus, bank, relays and queues are. */
export function HealthPage() {
  const health = useFresh<OperationsHealth>('/v1/operations/health');
  return (
    <Page title={t('health.title')} wide>
      <Tabs />
      <Shown of={health}>
        {({ temporal, bureaus, banks, relays, schedules, sweep, queues }) => (
          <>
            <p class="row">
              <span class="tag good">
                {t('health.database')} · {t('health.up')}
              </span>
              <span class={temporal === 'up' ? 'tag good' : 'tag bad'}>
                {t('health.temporal')} · {t(temporal === 'up' ? 'health.up' : 'health.down')}
              </span>
            </p>
            <Gateways gateways={[...bureaus, ...banks]} />
            <Relays relays={relays} />
            <ByTheClock schedules={schedules} sweep={sweep} names={[...bureaus, ...banks]} />
            {queues.length > 0 && <Queues queues={queues} />}
          </>
        )}
      </Shown>
    </Page>
  );
}

function Gateways({ gateways }: { gateways: OperationsHealth['bureaus'] }) {
  return (
    <section class="stack-small" aria-labelledby="gateways">
      <h2 id="gateways">{t('health.gateways')}</h2>
      <ul class="list">
        {gateways.map(({ code, name, outageSince, failures, lastSuccessAt, lastFailureAt, lastFailure, ratePerSecond }) => (
          <li key={code} class="stack-small">
            <p class="row between">
              <span class="strong">
                {say(name)} <span class="muted small">{code}</span>
              </span>
              <span class={outageSince !== null ? 'tag bad' : failures > 0 ? 'tag warn' : lastSuccessAt === null ? 'tag quiet' : 'tag good'}>
                {outageSince !== null
                  ? t('health.outage', { time: formatTime(outageSince) })
                  : failures > 0
                    ? t('health.failures', { n: failures })
                    : t(lastSuccessAt === null ? 'health.never' : 'health.fine')}
              </span>
            </p>
            <dl class="facts small">
              <dt>{t('health.success')}</dt>
              <dd>{lastSuccessAt === null ? '–' : <Time at={lastSuccessAt} />}</dd>
              <dt>{t('health.failure')}</dt>
              <dd>
                {lastFailureAt === null ? '–' : <Time at={lastFailureAt} />} {lastFailure !== null && <span class="code">{lastFailure}</span>}
              </dd>
              <dt>{t('health.rate')}</dt>
              <dd>{ratePerSecond}</dd>
            </dl>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Relays({ relays }: { relays: OperationsHealth['relays'] }) {
  return (
    <section class="stack-small" aria-labelledby="relays">
      <h2 id="relays">{t('health.relays')}</h2>
      <ul class="list">
        {relays.map(({ name, pending, oldest }) => (
          <li key={name} class="row between">
            <span>{codeWord('health.relay', name)}</span>
            <span>
              <span class="numbers strong">{t('health.pending', { n: pending })}</span>
              {oldest !== null && <span class="muted small"> {t('health.oldest', { time: formatTime(oldest) })}</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A sweep every ten minutes, give or take five. */
const SWEEP_LATE_MS = 30 * 60_000;

function ByTheClock({ schedules, sweep, names }: Pick<OperationsHealth, 'schedules' | 'sweep'> & { names: OperationsHealth['bureaus'] }) {
  const of = (code: string): string => {
    const named = names.find((one) => one.code === code);
    return named ? say(named.name) : code;
  };
  return (
    <section class="stack-small" aria-labelledby="schedules">
      <h2 id="schedules">{t('health.schedules')}</h2>
      <ul class="list">
        <li class="row between">
          <span>{t('health.sweep')}</span>
          {sweep === null ? (
            <span class="tag quiet">{t('health.sweep.none')}</span>
          ) : (
            <span class="row">
              {Date.now() - Date.parse(sweep.endedAt) > SWEEP_LATE_MS && <span class="tag bad">{t('health.sweep.late')}</span>}
              {sweep.failed > 0 && <span class="tag bad">{t('health.sweep.failed', { n: sweep.failed })}</span>}
              <span class="small">{t('health.sweep.last', { time: formatTime(sweep.endedAt), n: sweep.looked, recovered: sweep.recovered })}</span>
            </span>
          )}
        </li>
        {schedules.map(({ kind, code, paused, lastAt, nextAt }) => (
          <li key={`${kind} ${code}`} class="row between">
            <span>
              {codeWord('health.schedule', kind)} {code !== null && <span class="muted small">{of(code)}</span>}
            </span>
            <span class="row small">
              {paused && <span class="tag warn">{t('health.schedule.paused')}</span>}
              <span>{lastAt === null ? t('health.schedule.never') : t('health.schedule.last', { time: formatTime(lastAt) })}</span>
              {nextAt !== null && <span class="muted">{t('health.schedule.next', { time: formatTime(nextAt) })}</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Queues({ queues }: { queues: OperationsHealth['queues'] }) {
  return (
    <section class="stack-small" aria-labelledby="queues">
      <h2 id="queues">{t('health.queues')}</h2>
      <ul class="list">
        {queues.map(({ name, kind, pollers, backlog }) => (
          <li key={`${name} ${kind}`} class="row between">
            <span>
              <span class="code">{name}</span> <span class="muted small">{t(`health.kind.${kind}`)}</span>
            </span>
            <span class="row">
              {pollers === 0 ? (
                <span class="tag bad">{t('health.no-pollers')}</span>
              ) : (
                <span class="small">
                  {t('health.pollers')} {pollers}
                </span>
              )}
              <span class={backlog > 0 ? 'tag warn' : 'muted small'}>
                {t('health.backlog')} {backlog}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
