import { isSameCity } from '#domain/bureau/region.ts';
import { CLAIM_KIND_CODES, CLAIM_KINDS } from '#domain/claim/completeness.ts';
import { say } from '../../i18n/language.ts';
import { Button } from '../../ui/button.tsx';
import { Choice, SelectField } from '../../ui/field.tsx';
import { t } from '../words.ts';
import { change, type Draft } from './draft.ts';
import { FilingField, filingOf } from './filing.tsx';
import { goTo } from './new-page.tsx';
import { REGIONS, regionName } from './regions.ts';

export function KindStep({ draft, insuredRegion }: { draft: Draft; insuredRegion: string }) {
  const { kind, treatedRegion, circumstances } = draft;
  const elsewhere = !isSameCity(treatedRegion, insuredRegion);
  const filed = filingOf(draft);
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
        onValue={(region) => change({ treatedRegion: region, circumstances: isSameCity(region, insuredRegion) ? [] : circumstances })}
        options={regions.map((code) => ({
          value: code,
          label: code === insuredRegion ? t('new.kind.insured', { region: say(regionName(code)) }) : say(regionName(code)),
        }))}
      />
      {elsewhere && <FilingField draft={draft} />}
      <Button kind="primary" wide type="submit" disabled={kind === null || (elsewhere && filed === undefined)}>
        {t('new.next')}
      </Button>
    </form>
  );
}
