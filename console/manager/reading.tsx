import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { READING_CODES, TEXT_FIELDS } from '#domain/invoice/reading.ts';
import { post } from '../client/api.ts';
import { holds } from '../client/session.ts';
import { say } from '../i18n/language.ts';
import { groupDigits } from '../ui/money.tsx';
import { Bones, Fault } from '../ui/states.tsx';
import type { Reading } from './contract.ts';
import { t } from './words.ts';

const ASK_AGAIN_MS = 2_000;
type Read = Extract<Reading, { state: 'FINISHED' }>;

/** What was read of a file that has no picture (XML, OFD), said to be that and not the document itself; and the file, for those who may have it. */
export function WhatWasRead({ documentId, fileName }: { documentId: string; fileName: string | null }) {
  const read = useSignal<Read | undefined>(undefined);
  const failure = useSignal<unknown>(undefined);
  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    // read once and kept: asked again it is the reading that is there
    const ask = (): void => {
      post<Reading>(`/v1/documents/${documentId}/reading`, undefined, { signal: gone.signal }).then(
        (answer) => {
          if (answer.state === 'FINISHED') read.value = answer;
          else timer = setTimeout(ask, ASK_AGAIN_MS);
        },
        (error: unknown) => {
          if (!gone.signal.aborted) failure.value = error;
        },
      );
    };
    ask();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [documentId]);
  return (
    <div class="card stack-small reading">
      <p class="notice">{t('reading.not-a-picture', { name: fileName ?? '' })}</p>
      {failure.value !== undefined ? <Fault failure={failure.value} /> : read.value ? <Fields read={read.value} /> : <Bones />}
      {holds('hr', 'auditor') ? (
        <a class="button" href={`/v1/documents/${documentId}/content`} download={fileName ?? ''}>
          {t('reading.download')}
        </a>
      ) : (
        <p class="muted small">{t('reading.original')}</p>
      )}
    </div>
  );
}

function Fields({ read: { fields, findings } }: { read: Read }) {
  const known = TEXT_FIELDS.filter((name) => fields[name].value !== null);
  return (
    <>
      {known.length === 0 && <p>{t('reading.nothing')}</p>}
      <dl class="facts">
        {known.map((name) => (
          <Row key={name} label={t(`reading.${name}`)}>
            {name === 'amount' ? groupDigits(fields.amount.value ?? '') : name === 'type' ? typeOf(fields.type.value) : fields[name].value}
          </Row>
        ))}
      </dl>
      {fields.lines.value !== null && (
        <details>
          <summary>{t('reading.lines', { n: fields.lines.value.length })}</summary>
          <table class="small">
            <tbody>
              {fields.lines.value.map(({ name, itemCode, amount }, index) => (
                <tr key={index}>
                  <td>{name ?? itemCode}</td>
                  <td class="number">{groupDigits(amount)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
      {findings.length > 0 && (
        <ul class="small">
          {findings.map(({ code, detail }, index) => (
            <li key={index}>
              <span class="tag warn">{code in READING_CODES ? say(READING_CODES[code as keyof typeof READING_CODES]) : detail}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ label, children }: { label: string; children: string | null }) {
  return (
    <>
      <dt>{label}</dt>
      <dd class="numbers">{children}</dd>
    </>
  );
}

const typeOf = (type: string | null): string => (type === '1' || type === '2' || type === '3' ? t(`reading.type.${type}`) : (type ?? ''));
