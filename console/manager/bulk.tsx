import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { BulkPreviewJson, BulkResultsJson, TaskJson } from '#api/contract/tasks.ts';
import { needsComment } from '#domain/claim/tasks.ts';
import { newKey, post } from '../client/api.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Choice, TextArea } from '../ui/field.tsx';
import { Money } from '../ui/money.tsx';
import { Fault } from '../ui/states.tsx';
import { choiceDoes, choiceLabel, forMany } from './labels.ts';
import { t } from './words.ts';

type Preview = BulkPreviewJson['results'][number];
type Result = BulkResultsJson['results'][number];

/** Many tasks of one kind with one answer: what would become of each is shown first, then what became of it. `onClose(true)`: something was decided. */
export function BulkDialog({ tasks, onClose }: { tasks: readonly TaskJson[]; onClose: (done: boolean) => void }) {
  const choice = useSignal('');
  const comment = useSignal('');
  const fault = useSignal<string | undefined>(undefined);
  const failure = useSignal<unknown>(undefined);
  const preview = useSignal<readonly Preview[] | undefined>(undefined);
  const results = useSignal<readonly Result[] | undefined>(undefined);
  // one for what is shown to be decided: sent again it is the same request
  const key = useRef(newKey());
  const kind = tasks[0]?.kind ?? '';
  const shared = (tasks[0]?.choices ?? []).filter((each) => forMany(each) && tasks.every(({ choices }) => choices.includes(each)));

  const itemsOf = (ids: readonly string[]) =>
    tasks
      .filter(({ id }) => ids.includes(id))
      .map(({ id: taskId, version }) => ({ taskId, version, choice: choice.value, comment: comment.value.trim() === '' ? null : comment.value }));
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    failure.value = undefined;
    await work().catch((error: unknown) => {
      failure.value = error;
    });
  };
  const look = (): Promise<void> | undefined => {
    fault.value =
      choice.value === '' ? t('decide.choose') : needsComment(choice.value) && comment.value.trim() === '' ? t('decide.comment.missing') : undefined;
    if (fault.value !== undefined) return undefined;
    return attempt(async () => {
      const told = await post<BulkPreviewJson>('/v1/tasks/bulk-decisions/preview', { items: itemsOf(tasks.map(({ id }) => id)) });
      key.current = newKey();
      preview.value = told.results;
    });
  };
  const possible = preview.value?.filter(({ ok }) => ok).map(({ taskId }) => taskId) ?? [];
  const go = (): Promise<void> =>
    attempt(async () => {
      results.value = (await post<BulkResultsJson>('/v1/tasks/bulk-decisions', { items: itemsOf(possible) }, { key: key.current })).results;
    });
  const done = results.value?.filter(({ ok }) => ok).length ?? 0;

  return (
    <Dialog title={t('bulk.title', { n: tasks.length })} onClose={() => onClose(results.value !== undefined)}>
      {failure.value !== undefined && <Fault failure={failure.value} />}
      {!preview.value && (
        <>
          <fieldset>
            <legend>{t('decide.choice')}</legend>
            {shared.map((each) => (
              <Choice key={each} type="radio" name="bulk-choice" checked={choice.value === each} onChoose={() => void (choice.value = each)}>
                {choiceLabel(each)}
                {choiceDoes(kind, each) !== undefined && <span class="muted small does">{choiceDoes(kind, each)}</span>}
              </Choice>
            ))}
          </fieldset>
          <TextArea
            label={t('decide.comment')}
            value={comment.value}
            onValue={(text) => void (comment.value = text)}
            maxLength={1_000}
            optional={!needsComment(choice.value)}
            fault={fault.value}
          />
          <Button kind="primary" wide onClick={look}>
            {t('bulk.preview')}
          </Button>
        </>
      )}
      {preview.value && !results.value && (
        <>
          <p role="status">{t('bulk.would', { n: possible.length, m: preview.value.length - possible.length })}</p>
          <Outcomes tasks={tasks} outcomes={preview.value} good={t('bulk.can')} />
          {possible.length > 0 && (
            <Button kind="primary" wide onClick={go}>
              {t('bulk.go', { n: possible.length })} · {choiceLabel(choice.value)}
            </Button>
          )}
        </>
      )}
      {results.value && (
        <>
          <p role="status">{t('bulk.result', { n: done, m: results.value.length - done })}</p>
          <Outcomes tasks={tasks} outcomes={results.value} good={t('bulk.done')} />
          {results.value.some((one) => !one.ok && one.retryable) && <Button onClick={go}>{t('bulk.again')}</Button>}
        </>
      )}
    </Dialog>
  );
}

function Outcomes({ tasks, outcomes, good }: { tasks: readonly TaskJson[]; outcomes: readonly (Preview | Result)[]; good: string }) {
  return (
    <ul class="list">
      {outcomes.map((outcome) => {
        const task = tasks.find(({ id }) => id === outcome.taskId);
        return (
          <li key={outcome.taskId} class="row between">
            <span>
              {task?.claim.employeeName ?? task?.claim.employeeNo} · {task && <Money yuan={task.claim.submitted} />}
              <br />
              <span class="muted small numbers">{task?.claimNumber}</span>
            </span>
            <span class={outcome.ok ? 'tag good' : 'tag warn'}>{outcome.ok ? good : outcome.title}</span>
          </li>
        );
      })}
    </ul>
  );
}
