import { useSignal } from '@preact/signals';
import { newKey, post } from '../client/api.ts';
import { ofNothing, useResource } from '../client/resource.ts';
import { session } from '../client/session.ts';
import { navigate, query } from '../router.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { Page } from '../ui/page.tsx';
import { Fault } from '../ui/states.tsx';
import { toast } from '../ui/toast.tsx';
import { maskedAccount } from './masked-account.ts';
import type { Accounts } from './contract.ts';
import { claimToReturnTo } from './return-to.ts';
import { t } from './words.ts';

const FORMS = { accountNo: /^[0-9A-Za-z-]{6,32}$/, bankName: /\S/, bankCode: /^\d{12}$/ };
type Name = keyof typeof FORMS;

/** The account that is paid to. It has to be in the own name; whoever was paid before is told. */
export function AccountPage() {
  const then = claimToReturnTo(query('then'));
  const back = then ?? '/app/me';
  const fields = useSignal<Record<Name, string>>({ accountNo: '', bankName: '', bankCode: '' });
  const accounts = useResource<Accounts>(`/v1/employees/${encodeURIComponent(session.value?.employeeNo ?? '')}/accounts`, ofNothing);
  const now = accounts.value?.items.find(({ replacedAt }) => replacedAt === null);
  const shown = useSignal(false);
  const key = useSignal(newKey());
  const failure = useSignal<unknown>(undefined);
  const plain = { ...fields.value, accountNo: fields.value.accountNo.replaceAll(' ', '') };
  const wrong = (Object.keys(FORMS) as Name[]).filter((name) => !FORMS[name].test(plain[name]));
  const field = (name: Name) => ({
    label: t(`account.${name}`),
    value: fields.value[name],
    fault: shown.value && wrong.includes(name) ? t(`account.${name}.fault`) : undefined,
    onValue: (value: string) => {
      fields.value = { ...fields.value, [name]: value };
      key.value = newKey();
    },
  });

  async function save(): Promise<void> {
    shown.value = true;
    failure.value = undefined;
    if (wrong.length > 0) return;
    try {
      const path = `/v1/employees/${encodeURIComponent(session.value?.employeeNo ?? '')}/accounts`;
      await post(path, { holderName: session.value?.name ?? '', ...plain }, { key: key.value });
      toast(t('account.saved'));
      navigate(back);
    } catch (error) {
      failure.value = error;
    }
  }

  return (
    <Page title={t('action.mend-account')} back={back}>
      <p>{t('account.text', { name: session.value?.name ?? '' })}</p>
      {now && <p class="muted">{t('account.now', { account: maskedAccount(now.accountNo), bank: now.bankName })}</p>}
      <div class="card stack">
        <TextField {...field('accountNo')} inputMode="numeric" autoComplete="off" />
        <TextField {...field('bankName')} hint={t('account.bankName.hint')} autoComplete="off" />
        <TextField {...field('bankCode')} inputMode="numeric" hint={t('account.bankCode.hint')} autoComplete="off" maxLength={12} />
      </div>
      {failure.value !== undefined && <Fault failure={failure.value} />}
      <Button kind="primary" wide onClick={save}>
        {t('account.save')}
      </Button>
      {then !== undefined && <p class="muted small">{t('account.then')}</p>}
    </Page>
  );
}
