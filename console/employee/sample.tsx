import { DOCUMENT_KINDS, type DocumentKind } from '#domain/claim/completeness.ts';
import { say } from '../i18n/language.ts';
import { Dialog } from '../ui/dialog.tsx';
import { t, type SampleKey } from './words.ts';

/** What has to be seen on each kind of document, from top to bottom. */
const PARTS: Record<DocumentKind, readonly SampleKey[]> = {
  INVOICE: ['sample.number', 'sample.name', 'sample.items', 'sample.total', 'sample.stamp'],
  FEE_LIST: ['sample.name', 'sample.items', 'sample.quantities', 'sample.total', 'sample.stamp'],
  PRESCRIPTION_OR_RECORD: ['sample.name', 'sample.day', 'sample.diagnosis', 'sample.doctor'],
  IDENTITY_CARD: ['sample.name', 'sample.both-sides'],
  BANK_CARD: ['sample.name', 'sample.account'],
  DIAGNOSIS_CERTIFICATE: ['sample.name', 'sample.diagnosis', 'sample.doctor', 'sample.stamp'],
  DISCHARGE_SUMMARY: ['sample.name', 'sample.stay', 'sample.diagnosis', 'sample.doctor', 'sample.stamp'],
  REFERRAL_PROOF: ['sample.name', 'sample.regions', 'sample.valid', 'sample.filing'],
  EMERGENCY_DIAGNOSIS: ['sample.name', 'sample.day', 'sample.diagnosis', 'sample.stamp'],
  ACCIDENT_STATEMENT: ['sample.name', 'sample.accident', 'sample.signature'],
  BIRTH_CERTIFICATE: ['sample.child', 'sample.parents', 'sample.stamp'],
  OTHER: ['sample.name', 'sample.readable'],
};

/** A drawing of how a document looks, and the list of what has to be on it: whole, sharp, on one page. Drawn here, of nobody's papers. */
export function SampleDialog({ kind, onClose }: { kind: DocumentKind; onClose: () => void }) {
  const parts = PARTS[kind];
  return (
    <Dialog title={t('sample.title', { kind: say(DOCUMENT_KINDS[kind]) })} onClose={onClose}>
      <svg class="sample" viewBox={`0 0 260 ${70 + parts.length * 40}`} role="img" aria-label={t('sample.drawing', { kind: say(DOCUMENT_KINDS[kind]) })}>
        <rect class="paper" x="1" y="1" width="258" height={68 + parts.length * 40} rx="6" />
        <text class="heading" x="130" y="32" text-anchor="middle">
          {say(DOCUMENT_KINDS[kind])}
        </text>
        {parts.map((part, index) => (
          <g key={part} transform={`translate(14 ${50 + index * 40})`}>
            <circle class="mark" cx="9" cy="14" r="9" />
            <text class="count" x="9" y="18" text-anchor="middle">
              {index + 1}
            </text>
            {part === 'sample.stamp' ? (
              <circle class="stamp" cx="190" cy="12" r="17" />
            ) : (
              <g>
                <rect class="ink" x="28" y="4" width={110 + ((index * 37) % 80)} height="7" rx="3" />
                <rect class="ink" x="28" y="18" width={70 + ((index * 53) % 120)} height="7" rx="3" />
              </g>
            )}
          </g>
        ))}
      </svg>
      <ol class="numbered">
        {parts.map((part) => (
          <li key={part}>{t(part)}</li>
        ))}
      </ol>
      <p class="muted small">{t('sample.hint')}</p>
    </Dialog>
  );
}
