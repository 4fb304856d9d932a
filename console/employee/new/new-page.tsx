import { useEffect } from 'preact/hooks';
import { useResource, ofNothing } from '../../client/resource.ts';
import { session } from '../../client/session.ts';
import { navigate, query } from '../../router.tsx';
import { Page } from '../../ui/page.tsx';
import { Bones, Shown } from '../../ui/states.tsx';
import type { Accounts, Employee } from '../contract.ts';
import { t } from '../words.ts';
import { CheckStep } from './check-step.tsx';
import { ConfirmStep } from './confirm-step.tsx';
import { draft, openDraft } from './draft.ts';
import { KindStep } from './kind-step.tsx';
import { MaterialsStep } from './materials-step.tsx';

export const STEPS = ['kind', 'materials', 'check', 'confirm'] as const;
export type Step = (typeof STEPS)[number];
export const goTo = (step: Step): void => navigate(`/app/new?step=${step}`);

/** A new claim in four steps, each of which the browser's back button leaves again. What was entered is kept on the device. */
export function NewPage() {
  const me = encodeURIComponent(session.value?.employeeNo ?? '');
  const employee = useResource<Employee>(`/v1/employees/${me}`, ofNothing);
  const accounts = useResource<Accounts>(`/v1/employees/${me}/accounts`, ofNothing);
  const region = employee.value?.insuredRegion;
  useEffect(() => {
    if (region !== undefined && !draft.value) void openDraft(region);
  }, [region]);

  const asked = query('step');
  // an address from a bookmark does not leap over what is not answered yet
  const step: Step = draft.value?.kind ? (STEPS.find((one) => one === asked) ?? 'kind') : 'kind';
  const at = STEPS.indexOf(step);
  const before = STEPS[at - 1];
  return (
    <Page key={step} title={t(`new.${step}.title`)} back={before === undefined ? '/' : `/app/new?step=${before}`}>
      <ol class="steps-done" aria-label={t('new.steps', { at: at + 1, of: STEPS.length })}>
        {STEPS.map((one, index) => (
          <li key={one} class={index <= at ? 'done' : ''} aria-current={index === at ? 'step' : undefined}>
            <span class="unseen">{t(`new.${one}.title`)}</span>
          </li>
        ))}
      </ol>
      <Shown of={employee}>
        {(person) => {
          if (!draft.value) return <Bones />;
          const onFile = { identity: person.identityNo !== null, account: accounts.value?.items.some(({ replacedAt }) => replacedAt === null) ?? true };
          if (step === 'kind') return <KindStep draft={draft.value} insuredRegion={person.insuredRegion} />;
          if (step === 'materials') return <MaterialsStep draft={draft.value} insuredRegion={person.insuredRegion} onFile={onFile} />;
          if (step === 'check') return <CheckStep draft={draft.value} insuredRegion={person.insuredRegion} />;
          return <ConfirmStep draft={draft.value} person={person} />;
        }}
      </Shown>
    </Page>
  );
}
