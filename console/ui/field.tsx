import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { t } from '../i18n/words.ts';

type Common = {
  label: string;
  hint?: ComponentChildren;
  /** what is wrong with it; read out, and the field is marked */
  fault?: string | undefined;
  /** filled in by a machine that was not sure */
  doubtful?: boolean | undefined;
  optional?: boolean;
};
type Described = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean | undefined };

function Field({ label, hint, fault, doubtful = false, optional = false, control }: Common & { control: (props: Described) => ComponentChildren }) {
  const id = useId();
  const [hintId, faultId] = [`${id}-hint`, `${id}-fault`];
  const described = [hint === undefined ? '' : hintId, fault === undefined ? '' : faultId].filter(Boolean).join(' ');
  return (
    <div class={doubtful ? 'field doubtful' : 'field'}>
      <label for={id}>
        {label}
        {optional && <span class="muted small"> {t('optional')}</span>}
      </label>
      {control({ id, 'aria-describedby': described === '' ? undefined : described, 'aria-invalid': fault === undefined ? undefined : true })}
      {hint !== undefined && (
        <span id={hintId} class="hint">
          {hint}
        </span>
      )}
      {fault !== undefined && (
        <span id={faultId} class="fault">
          {fault}
        </span>
      )}
    </div>
  );
}

type Valued = { value: string; onValue: (value: string) => void };
/** Only what is used: the rest of what an `input` knows is not for this console. */
type InputProps = {
  type?: 'text' | 'date';
  inputMode?: 'text' | 'decimal' | 'numeric';
  autoComplete?: string;
  maxLength?: number;
  min?: string;
  max?: string;
  required?: boolean;
};

export function TextField({ value, onValue, label, hint, fault, doubtful, optional, ...rest }: Common & Valued & InputProps) {
  const common = { label, hint, fault, doubtful, ...(optional !== undefined && { optional }) };
  const { type = 'text', ...attributes } = rest;
  const given = { ...attributes, value, onInput: (event: { currentTarget: HTMLInputElement }) => onValue(event.currentTarget.value) };
  return (
    <Field {...common} control={(props) => (type === 'date' ? <input {...given} {...props} type="date" /> : <input {...given} {...props} type="text" />)} />
  );
}

export function TextArea({ value, onValue, label, hint, fault, optional, ...rest }: Common & Valued & Pick<InputProps, 'maxLength' | 'required'>) {
  const common = { label, hint, fault, ...(optional !== undefined && { optional }) };
  return <Field {...common} control={(props) => <textarea {...rest} {...props} value={value} onInput={(event) => onValue(event.currentTarget.value)} />} />;
}

export function SelectField({ value, onValue, options, ...common }: Common & Valued & { options: readonly { value: string; label: string }[] }) {
  return (
    <Field
      {...common}
      control={(props) => (
        <select {...props} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    />
  );
}

type ChoiceProps = {
  type: 'radio' | 'checkbox';
  name: string;
  value?: string;
  checked: boolean;
  onChoose: (checked: boolean) => void;
  children: ComponentChildren;
};

/** One of several answers, with a label that is large enough for a thumb. */
export function Choice({ type, name, value, checked, onChoose, children }: ChoiceProps) {
  return (
    <label class="choice">
      <input type={type} name={name} value={value} checked={checked} onChange={(event) => onChoose(event.currentTarget.checked)} />
      <span class="grow">{children}</span>
    </label>
  );
}
