import { CIRCUMSTANCES, CLAIM_KIND_CODES, CLAIM_KINDS, type Circumstance } from '#domain/claim/completeness.ts';
import { say } from '../../i18n/language.ts';
import { Button } from '../../ui/button.tsx';
import { Choice, SelectField } from '../../ui/field.tsx';
import { t } from '../words.ts';
import { change, type Draft } from './draft.ts';
import { goTo } from './new-page.tsx';
import { REGIONS, regionName } from './regions.ts';

/** How treatment elsewhere was filed; one of them counts. */
const FILINGS: readonly Circumstance[] = ['REFERRAL_FILED', 'LONG_TERM_RESIDENT', 'EMERGENCY', 'NO_REFERRAL'];

export function KindStep({ draft, insuredRegion }: { draft: Draft; insuredRegion: string }) {
  const { kind, treatedRegion, circumstances } = draft;
  const elsewhere = treatedRegion !== insuredRegion;
  const filed = circumstances.find((one) => FILINGS.includes(one));
  const regions = [...new Set([insuredRegion, ...Object.keys(REGIONS), treatedRegion])];
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        goTo('materials');
      }}
    >
      <fieldset>
        <legend>{t('new.kind.question')}</legend>
        {CLAIM_KIND_CODES.map((code) => (
          <Choice key={code} type="radio" name="kind" checked={kind === code} onChoose={() => change({ kind: code })}>
            {say(CLAIM_KINDS[code])}
          </Choice>
        ))}
      </fieldset>
      <SelectField
        label={t('new.kind.region')}
        value={treatedRegion}
        onValue={(region) => change({ treatedRegion: region, circumstances: region === insuredRegion ? [] : circumstances })}
        options={regions.map((code) => ({
          value: code,
          label: code === insuredRegion ? t('new.kind.insured', { region: say(regionName(code)) }) : say(regionName(code)),
        }))}
      />
      {elsewhere && (
        <fieldset>
          <legend>{t('new.kind.filing')}</legend>
          {FILINGS.map((code) => (
            <Choice key={code} type="radio" name="filing" checked={filed === code} onChoose={() => change({ circumstances: [code] })}>
              {say(CIRCUMSTANCES[code])}
            </Choice>
          ))}
        </fieldset>
      )}
      <Button kind="primary" wide type="submit" disabled={kind === null || (elsewhere && filed === undefined)}>
        {t('new.next')}
      </Button>
    </form>
  );
}
