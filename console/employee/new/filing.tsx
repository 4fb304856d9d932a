import { CIRCUMSTANCES, type Circumstance } from '#domain/claim/completeness.ts';
import { say } from '../../i18n/language.ts';
import { Choice } from '../../ui/field.tsx';
import { t } from '../words.ts';
import { change, type Draft } from './draft.ts';

/** How treatment elsewhere was filed; one of them counts. */
const FILINGS: readonly Circumstance[] = ['REFERRAL_FILED', 'LONG_TERM_RESIDENT', 'EMERGENCY', 'NO_REFERRAL'];

export const filingOf = ({ circumstances }: Pick<Draft, 'circumstances'>): Circumstance | undefined => circumstances.find((one) => FILINGS.includes(one));

/** Asked where somebody was treated outside of the insured region, whether they said so or their bill does. */
export function FilingField({ draft, fault }: { draft: Draft; fault?: string | undefined }) {
  const filed = filingOf(draft);
  return (
    <fieldset aria-invalid={fault === undefined ? undefined : true} tabIndex={fault === undefined ? undefined : -1}>
      <legend>{t('new.kind.filing')}</legend>
      {FILINGS.map((code) => (
        <Choice key={code} type="radio" name="filing" checked={filed === code} onChoose={() => change({ circumstances: [code] })}>
          {say(CIRCUMSTANCES[code])}
        </Choice>
      ))}
      {fault !== undefined && (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
    </fieldset>
  );
}
