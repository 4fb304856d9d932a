import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Announcement } from '#api/contract/announcements.ts';
import { newKey, post } from '../client/api.ts';
import { session } from '../client/session.ts';
import { say } from '../i18n/language.ts';
import { Button } from '../ui/button.tsx';
import { SelectField, TextArea, TextField } from '../ui/field.tsx';
import { Page } from '../ui/page.tsx';
import { Empty, Fault, Shown } from '../ui/states.tsx';
import { formatTime } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import { useFresh } from './fresh.ts';
import { ReasonDialog } from './reason-dialog.tsx';
import { Tabs } from './tabs.tsx';
import { t } from './words.ts';

type Listed = { items: Announcement[]; nextCursor: string | null };
const HOURS = ['1', '2', '4', '8', '24', '72'];

/** 公告: what everybody of a unit reads on top of every page. */
export function AnnouncementsPage() {
  const listed = useFresh<Listed>('/v1/announcements?limit=50');
  const ending = useSignal<Announcement | null>(null);
  return (
    <Page title={t('announcements.title')} wide>
      <Tabs />
      <p class="muted">{t('announcements.text')}</p>
      <NewAnnouncement onMade={listed.reload} />
      <Shown of={listed}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{t('announcements.none')}</Empty>
          ) : (
            <ul class="list">
              {items.map((one) => (
                <Row
                  key={one.id}
                  one={one}
                  onEnd={() => {
                    ending.value = one;
                  }}
                />
              ))}
            </ul>
          )
        }
      </Shown>
      {ending.value && <End one={ending.value} onClose={() => void (ending.value = null)} onDone={listed.reload} />}
    </Page>
  );
}

function statusOf({ startsAt, endsAt, endedAt }: Announcement): { word: 'ended' | 'over' | 'current' | 'upcoming'; tag: string } {
  const now = Date.now();
  if (endedAt !== null) return { word: 'ended', tag: 'tag quiet' };
  if (Date.parse(endsAt) <= now) return { word: 'over', tag: 'tag quiet' };
  return Date.parse(startsAt) > now ? { word: 'upcoming', tag: 'tag' } : { word: 'current', tag: 'tag good' };
}

function Row({ one, onEnd }: { one: Announcement; onEnd: () => void }) {
  const { word, tag } = statusOf(one);
  return (
    <li class="row between">
      <div class="grow stack-small">
        <p class="row">
          <span class={tag}>{t(`announcements.${word}`)}</span>
          <span class="strong">{say(one.text)}</span>
        </p>
        <p class="muted small">
          {one.unitCode} · {t('announcements.from-to', { from: formatTime(one.startsAt), to: formatTime(one.endedAt ?? one.endsAt) })} · {one.reason}
        </p>
      </div>
      {(word === 'current' || word === 'upcoming') && (
        <Button aria-label={`${t('announcements.end')}: ${say(one.text)}`} onClick={onEnd}>
          {t('announcements.end')}
        </Button>
      )}
    </li>
  );
}

function NewAnnouncement({ onMade }: { onMade: () => void }) {
  const unit = useSignal(session.value?.roles.find(({ role }) => role === 'operator' || role === 'admin')?.unitCode ?? '');
  const [zh, en, reason, hours] = [useSignal(''), useSignal(''), useSignal(''), useSignal('4')];
  const asked = useSignal(false);
  const failure = useSignal<unknown>(undefined);
  /** the same wish keeps its key and its end, however often it is sent */
  const wish = useRef({ text: '', key: '', endsAt: '' });
  const faultOf = (value: string): string | undefined => (asked.value && value.trim() === '' ? t('announcements.missing') : undefined);

  async function publish(): Promise<void> {
    asked.value = true;
    failure.value = undefined;
    const wanted = { unitCode: unit.value.trim(), text: { zh: zh.value.trim(), en: en.value.trim() }, reason: reason.value.trim() };
    if ([wanted.unitCode, wanted.text.zh, wanted.text.en, wanted.reason].includes('')) return;
    const text = JSON.stringify([wanted, hours.value]);
    if (wish.current.text !== text) wish.current = { text, key: newKey(), endsAt: new Date(Date.now() + Number(hours.value) * 3_600_000).toISOString() };
    const { key, endsAt } = wish.current;
    try {
      await post('/v1/announcements', { ...wanted, endsAt }, { key });
      wish.current = { text: '', key: '', endsAt: '' };
      for (const field of [zh, en, reason]) field.value = '';
      asked.value = false;
      toast(t('announcements.made'));
      onMade();
    } catch (error) {
      failure.value = error;
    }
  }

  return (
    <details class="card">
      <summary class="strong">{t('announcements.new')}</summary>
      <div class="stack">
        <TextField
          label={t('announcements.unit')}
          value={unit.value}
          onValue={(value) => void (unit.value = value)}
          fault={faultOf(unit.value)}
          maxLength={40}
        />
        <TextField label={t('announcements.zh')} value={zh.value} onValue={(value) => void (zh.value = value)} fault={faultOf(zh.value)} maxLength={200} />
        <TextField label={t('announcements.en')} value={en.value} onValue={(value) => void (en.value = value)} fault={faultOf(en.value)} maxLength={300} />
        <SelectField
          label={t('announcements.hours')}
          value={hours.value}
          onValue={(value) => void (hours.value = value)}
          options={HOURS.map((n) => ({ value: n, label: t('announcements.hours.n', { n }) }))}
        />
        <TextArea
          label={t('announcements.reason')}
          hint={t('announcements.reason.hint')}
          value={reason.value}
          onValue={(value) => void (reason.value = value)}
          fault={faultOf(reason.value)}
          maxLength={500}
        />
        {failure.value !== undefined && <Fault failure={failure.value} />}
        <Button kind="primary" onClick={publish}>
          {t('announcements.new')}
        </Button>
      </div>
    </details>
  );
}

function End({ one, onClose, onDone }: { one: Announcement; onClose: () => void; onDone: () => void }) {
  const carryOut = async (reason: string, key: string): Promise<void> => {
    await post(`/v1/announcements/${one.id}/end`, { reason }, { key });
    toast(t('announcements.ended'));
    onDone();
  };
  return (
    <ReasonDialog title={t('announcements.end')} onClose={onClose} carryOut={carryOut}>
      <p>{say(one.text)}</p>
    </ReasonDialog>
  );
}
