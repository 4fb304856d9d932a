import type { Progress } from '#api/contract/claims.ts';
import { say } from '../i18n/language.ts';
import { t } from '../i18n/words.ts';

const MARKS: Partial<Record<Progress['stages'][number]['status'], string>> = { done: '✓', ended: '×' };

/** The five stages of a claim side by side. Colour is not all: a done stage has a tick, the present one is bold, and all is read out. */
export function StageBar({ stages }: { stages: Progress['stages'] }) {
  return (
    <ol class="stages" aria-label={t('stages.label')}>
      {stages.map(({ stage, label, status }) => (
        <li key={stage} class={status} aria-current={status === 'current' ? 'step' : undefined}>
          <span class="dot" aria-hidden="true">
            {MARKS[status]}
          </span>
          {say(label)}
          <span class="unseen"> {t(`stage.${status}`)}</span>
        </li>
      ))}
    </ol>
  );
}
