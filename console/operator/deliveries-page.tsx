import { useSignal } from '@preact/signals';
import type { Outgoing } from '#api/contract/operations.ts';
import { titleOf } from '#domain/notices/render.ts';
import { get, post } from '../client/api.ts';
import { say } from '../i18n/language.ts';
import { Link } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { SelectField } from '../ui/field.tsx';
import { Page } from '../ui/page.tsx';
import { Empty, Shown } from '../ui/states.tsx';
import { formatTime, Time } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import { useFresh } from './fresh.ts';
import { keyLabel } from './labels.ts';
import { ReasonDialog } from './reason-dialog.tsx';
import { Tabs } from './tabs.tsx';
import { t as shared } from '../i18n/words.ts';
import { codeWord, t } from './words.ts';

type Listed = { items: Outgoing[]; nextCursor: string | null };
const STATUSES = ['UNDELIVERABLE', 'FAILED', 'PENDING', 'SENT'] as const;
const TAG = { PENDING: 'tag quiet', SENT: 'tag good', FAILED: 'tag bad', UNDELIVERABLE: 'tag bad' } as const;

/** 外发: messages to people and events to systems, and sending one again. */
export function DeliveriesPage() {
  const status = useSignal<string>('');
  const path = `/v1/operations/deliveries?limit=50${status.value === '' ? '' : `&status=${status.value}`}`;
  return (
    <Page title={t('deliveries.title')} wide>
      <Tabs />
      <SelectField
        label={t('deliveries.status')}
        value={status.value}
        onValue={(value) => {
          status.value = value;
        }}
        options={[{ value: '', label: t('deliveries.all') }, ...STATUSES.map((one) => ({ value: one, label: t(`delivery.${one}`) }))]}
      />
      <List key={path} path={path} />
    </Page>
  );
}

function List({ path }: { path: string }) {
  const first = useFresh<Listed>(path);
  const further = useSignal<readonly Listed[]>([]);
  const resending = useSignal<Outgoing | null>(null);
  const more = async (cursor: string): Promise<void> => {
    further.value = [...further.value, await get<Listed>(`${path}&cursor=${encodeURIComponent(cursor)}`)];
  };
  return (
    <Shown of={first}>
      {(shown) => {
        const pages = [shown, ...further.value];
        const cursor = pages[pages.length - 1]?.nextCursor ?? null;
        const items = pages.flatMap((page) => page.items);
        return (
          <>
            {items.length === 0 ? (
              <Empty>{t('deliveries.none')}</Empty>
            ) : (
              <ul class="list">
                {items.map((item) => (
                  <Row
                    key={`${item.kind}-${item.id}`}
                    item={item}
                    onResend={() => {
                      resending.value = item;
                    }}
                  />
                ))}
              </ul>
            )}
            {cursor !== null && <Button onClick={() => more(cursor)}>{shared('more')}</Button>}
            {resending.value && (
              <Resend
                item={resending.value}
                onClose={() => {
                  resending.value = null;
                }}
                onDone={first.reload}
              />
            )}
          </>
        );
      }}
    </Shown>
  );
}

function Row({ item, onResend }: { item: Outgoing; onResend: () => void }) {
  const { claimNumber, status, attempts, lastError, createdAt, nextAttemptAt, channel } = item;
  return (
    <li class="row between">
      <div class="grow stack-small">
        <p class="row">
          <span class={TAG[status]}>{t(`delivery.${status}`)}</span>
          <span class="strong">{toWhom(item)}</span>
          <span class="muted small">{keyLabel(channel)}</span>
        </p>
        <p class="small">
          <Link href={`/app/operator/claims/${claimNumber}`}>{claimNumber}</Link> · {whatOf(item)} · <Time at={createdAt} />
        </p>
        {status !== 'SENT' && (attempts > 0 || lastError !== null) && (
          <p class="small muted">
            {t('deliveries.attempts', { n: attempts })}
            {nextAttemptAt !== null && ` · ${t('deliveries.next', { time: formatTime(nextAttemptAt) })}`}
            {lastError !== null && (
              <>
                {' · '}
                <ErrorWords error={lastError} />
              </>
            )}
          </p>
        )}
      </div>
      {status !== 'PENDING' && (
        <Button aria-label={`${t('deliveries.resend')} ${claimNumber} ${whatOf(item)}`} onClick={onResend}>
          {t('deliveries.resend')}
        </Button>
      )}
    </li>
  );
}

/** What of ours says so in words; what a mail server or an endpoint answered, as it is. */
function ErrorWords({ error }: { error: string }) {
  return error === 'nobody to send it to has an address' ? <>{t('deliveries.no-address')}</> : <span class="code">{error}</span>;
}

/** What it says, as its reader reads it: the subject of a message, what an event is of. */
const whatOf = ({ kind, what }: Outgoing): string => (kind === 'notice' ? say(titleOf(what)) : codeWord('event', what));

function toWhom({ recipient: { kind, role, address } }: Outgoing): string {
  const known = ['claimant', 'employee', 'role', 'address', 'endpoint'] as const;
  const which = known.find((one) => one === kind) ?? 'address';
  const who = which === 'role' ? t('recipient.role', { role: codeWord('role', role ?? '') }) : t(`recipient.${which}`);
  return address === null ? who : `${who} ${address}`;
}

function Resend({ item, onClose, onDone }: { item: Outgoing; onClose: () => void; onDone: () => void }) {
  const carryOut = async (reason: string, key: string): Promise<void> => {
    const { kind, id } = item;
    if (kind === 'notice') await post(`/v1/notices/${id}/resend`, { reason }, { key });
    else await post(`/v1/webhook-deliveries/${id}/resend`, { reason }, { key });
    toast(t('deliveries.resent'));
    onDone();
  };
  return (
    <ReasonDialog title={t('deliveries.resend.title')} onClose={onClose} carryOut={carryOut}>
      <p>{t('deliveries.resend.what', { to: toWhom(item) })}</p>
    </ReasonDialog>
  );
}
