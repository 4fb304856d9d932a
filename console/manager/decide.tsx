import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ApprovalJson } from '#api/contract/approval.ts';
import type { Claim } from '#api/contract/claims.ts';
import type { TaskJson } from '#api/contract/tasks.ts';
import { needsComment } from '#domain/claim/tasks.ts';
import { ApiFailure, newKey, post } from '../client/api.ts';
import { useResource } from '../client/resource.ts';
import { navigate } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Choice, SelectField, TextArea } from '../ui/field.tsx';
import { groupDigits } from '../ui/money.tsx';
import { Bones, Fault } from '../ui/states.tsx';
import { toast } from '../ui/toast.tsx';
import { choiceDoes, choiceLabel, comesWith, isSeldom } from './labels.ts';
import { PeopleField } from './people-field.tsx';
import { t } from './words.ts';
import { asSent, emptyWritten, writtenFault, WrittenFields, type Written, type WrittenFault } from './written.tsx';

type Faults = { choice?: string; comment?: string; people?: string } & WrittenFault;
const MODES = ['all', 'any', 'in-order'] as const;
/** Somebody was faster, or it was changed: what stands on the page is old. */
const STALE: ReadonlySet<string> = new Set(['VERSION_MISMATCH', 'TASK_ALREADY_DECIDED', 'CLAIM_STATE_CONFLICT']);

/** Choose, explain, confirm. What is refused says so in words, and leaves what was written. */
export function DecisionForm({ task, claim, onStale }: { task: TaskJson; claim: Claim | undefined; onStale: () => void }) {
  const choice = useSignal('');
  const comment = useSignal('');
  const numbers = useSignal<readonly string[]>([]);
  const mode = useSignal<string>('all');
  const step = useSignal('0');
  const written = useSignal<Written>(emptyWritten);
  const faults = useSignal<Faults>({});
  const confirming = useSignal(false);
  const failure = useSignal<unknown>(undefined);
  const key = useRef(newKey());
  const extra = comesWith(task.kind, choice.value);
  const approval = useResource<ApprovalJson>(extra === 'step' ? `/v1/claims/${task.claimNumber}/approval` : null).value;

  const bodyOf = () => ({
    choice: choice.value,
    comment: comment.value.trim() === '' ? null : comment.value,
    ...(extra === 'person' && { to: numbers.value[0] }),
    ...((extra === 'people' || extra === 'added') && { people: numbers.value }),
    ...(extra === 'added' && { mode: mode.value }),
    ...(extra === 'step' && { step: Number(step.value) }),
    ...(extra === 'written' && { written: asSent(written.value) }),
  });

  const ask = (): void => {
    // its lines are not there yet
    if (extra === 'written' && !claim) return;
    const missing = {
      ...(choice.value === '' && { choice: t('decide.choose') }),
      ...(needsComment(choice.value) && comment.value.trim() === '' && { comment: t('decide.comment.missing') }),
      ...(extra !== undefined && extra !== 'step' && extra !== 'written' && numbers.value.length === 0 && { people: t('decide.people.missing') }),
      ...(extra === 'written' && claim && writtenFault(written.value, claim)),
    };
    faults.value = missing;
    if (Object.keys(missing).length > 0) return;
    failure.value = undefined;
    key.current = newKey();
    confirming.value = true;
  };

  const decide = async (): Promise<void> => {
    try {
      await post(`/v1/tasks/${task.id}/decision`, bodyOf(), { key: key.current, ifMatch: `"${task.version}"` });
    } catch (error) {
      confirming.value = false;
      failure.value = error;
      if (error instanceof ApiFailure && STALE.has(error.code)) onStale();
      return;
    }
    confirming.value = false;
    toast(t('decide.done', { choice: choiceLabel(choice.value) }));
    navigate('/app/manager');
  };

  const choose = (each: string): void => {
    choice.value = each;
    faults.value = {};
    // whom another choice was about is not whom this one is about
    numbers.value = [];
  };
  const offer = (each: string) => (
    <Choice key={each} type="radio" name="choice" value={each} checked={choice.value === each} onChoose={() => choose(each)}>
      {choiceLabel(each)}
      {choiceDoes(task.kind, each) !== undefined && <span class="muted small does">{choiceDoes(task.kind, each)}</span>}
    </Choice>
  );

  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <h2>{t('decide.title')}</h2>
      {failure.value !== undefined && <Fault failure={failure.value} />}
      <fieldset>
        <legend>{t('decide.choice')}</legend>
        {task.choices.filter((each) => !isSeldom(each)).map(offer)}
        {task.choices.some(isSeldom) && (
          <details>
            <summary>{t('decide.more')}</summary>
            {task.choices.filter(isSeldom).map(offer)}
          </details>
        )}
      </fieldset>
      {faults.value.choice !== undefined && (
        <p class="notice bad" role="alert">
          {faults.value.choice}
        </p>
      )}
      {(extra === 'person' || extra === 'people' || extra === 'added') && (
        <PeopleField
          key={choice.value}
          label={t(extra === 'person' ? 'decide.person' : 'decide.people')}
          several={extra !== 'person'}
          onNumbers={(named) => void (numbers.value = named)}
          fault={faults.value.people}
        />
      )}
      {extra === 'added' && (
        <SelectField
          label={t('decide.mode')}
          value={mode.value}
          onValue={(value) => void (mode.value = value)}
          options={MODES.map((each) => ({ value: each, label: t(`mode.${each}`) }))}
        />
      )}
      {extra === 'step' && (
        <SelectField
          label={t('decide.step')}
          value={step.value}
          onValue={(value) => void (step.value = value)}
          options={[
            { value: '0', label: t('decide.step.submitter') },
            ...(approval?.steps ?? [])
              .filter(({ no }) => no < (approval?.step ?? 0))
              .map(({ no, name }) => ({ value: String(no), label: t('decide.step.no', { n: no, name }) })),
          ]}
        />
      )}
      {extra === 'written' &&
        (claim ? <WrittenFields claim={claim} value={written.value} onValue={(value) => void (written.value = value)} faults={faults.value} /> : <Bones />)}
      <TextArea
        label={t('decide.comment')}
        value={comment.value}
        onValue={(text) => void (comment.value = text)}
        maxLength={1_000}
        optional={!needsComment(choice.value)}
        hint={needsComment(choice.value) ? t('decide.comment.needed') : undefined}
        fault={faults.value.comment}
      />
      <Button kind="primary" wide type="submit">
        {t('decide.go-on')}
      </Button>
      {confirming.value && (
        <Dialog title={t('decide.confirm.title')} onClose={() => void (confirming.value = false)}>
          <p>
            {t('decide.confirm.text', {
              ...{ claim: task.claimNumber, name: task.claim.employeeName ?? task.claim.employeeNo },
              ...{ amount: `¥${groupDigits(task.claim.submitted)}`, choice: choiceLabel(choice.value) },
            })}
          </p>
          {choiceDoes(task.kind, choice.value) !== undefined && <p>{choiceDoes(task.kind, choice.value)}</p>}
          {numbers.value.length > 0 && <p>{t('decide.confirm.people', { people: numbers.value.join('、') })}</p>}
          {extra === 'written' && <p>{t('decide.confirm.written', { no: written.value.decisionNo, outcome: t(`written.${written.value.outcome}`) })}</p>}
          {comment.value.trim() !== '' && <p class="notice">{comment.value}</p>}
          <p class="muted small">{t('decide.confirm.own')}</p>
          <Button kind="primary" wide onClick={decide}>
            {t('decide.confirm.do', { choice: choiceLabel(choice.value) })}
          </Button>
        </Dialog>
      )}
    </form>
  );
}
