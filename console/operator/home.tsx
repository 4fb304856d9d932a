import { t } from '../i18n/words.ts';
import { Page } from '../ui/page.tsx';

export function HomePage() {
  return <Page title={t('area.operator')} wide children={undefined} />;
}
