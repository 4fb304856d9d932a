import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiFailure, post } from '../client/api.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import type { Colleagues } from './contract.ts';
import { t } from './words.ts';

type Person = Colleagues['items'][number];
const PAUSE_MS = 250;

/**
 * People by name or number: what is typed is looked for where the reader's own roles reach, and chosen from. A number can be typed as well, alone or with commas between:
 * somebody elsewhere in the group is not found here, and may be named all the same. `numbers`: those chosen and those typed.
 */
export function PeopleField({ label, several = false, fault, onNumbers }: PeopleFieldProps) {
  const text = useSignal('');
  const chosen = useSignal<readonly Person[]>([]);
  const found = useSignal<readonly Person[] | undefined>(undefined);

  const tell = (): void => onNumbers([...chosen.value.map(({ employeeNo }) => employeeNo), ...typedNumbers(text.value)]);
  useEffect(() => {
    const sought = text.value.trim();
    found.value = undefined;
    if (sought === '' || /[,，、\s]/.test(sought)) return undefined;
    const gone = new AbortController();
    const timer = setTimeout(() => {
      post<Colleagues>('/v1/colleagues/search', { text: sought }, { signal: gone.signal }).then(
        ({ items }) => void (found.value = items),
        (error: unknown) => {
          // who may not look for anybody types the number; what is wrong with it is said when it is sent
          if (!gone.signal.aborted && !(error instanceof ApiFailure)) throw error;
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [text.value]);

  const choose = (person: Person): void => {
    chosen.value = several ? [...chosen.value.filter(({ employeeNo }) => employeeNo !== person.employeeNo), person] : [person];
    text.value = '';
    tell();
  };
  const remove = ({ employeeNo }: Person): void => {
    chosen.value = chosen.value.filter((one) => one.employeeNo !== employeeNo);
    tell();
  };
  const single = !several && chosen.value.length > 0;
  const offered = found.value?.filter(({ employeeNo }) => !chosen.value.some((one) => one.employeeNo === employeeNo));

  return (
    <div class="stack-small people">
      {chosen.value.length > 0 && (
        <ul class="stack-small" aria-label={label}>
          {chosen.value.map((person) => (
            <li key={person.employeeNo} class="row between notice">
              <span>{nameOf(person)}</span>
              <Button kind="plain" aria-label={t('people.remove', { name: person.name })} onClick={() => remove(person)}>
                {t('people.remove.short')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {!single && (
        <TextField
          label={label}
          hint={t('people.hint')}
          value={text.value}
          onValue={(typed) => {
            text.value = typed;
            tell();
          }}
          fault={fault}
          maxLength={400}
          autoComplete="off"
        />
      )}
      {offered && (
        <>
          <p class="unseen" role="status">
            {t('people.found', { n: offered.length })}
          </p>
          {offered.length === 0 ? (
            <p class="muted small">{t('people.none')}</p>
          ) : (
            <ul class="list people-found">
              {offered.map((person) => (
                <li key={person.employeeNo}>
                  <button type="button" onClick={() => choose(person)}>
                    <strong>{person.name}</strong> <span class="numbers">{person.employeeNo}</span>
                    <span class="muted small"> · {person.unitName}</span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </div>
  );
}

const nameOf = ({ name, employeeNo, unitName }: Person): string => `${name} ${employeeNo} · ${unitName}`;
const typedNumbers = (text: string): string[] => text.split(/[,，、\s]+/).filter((part) => part !== '');

type PeopleFieldProps = { label: string; several?: boolean; fault?: string | undefined; onNumbers: (numbers: readonly string[]) => void };
