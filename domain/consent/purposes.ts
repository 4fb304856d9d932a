/**
 * What a person consents to, each on its own (单独同意). The law asks for it twice: for medical and account data as such (PIPL 29), and for giving them
 * to others, each recipient by itself (PIPL 23).
 */
export const CONSENT_PURPOSES = ['SENSITIVE_DATA', 'SHARING_BUREAU', 'SHARING_BANK'] as const;
export type ConsentPurpose = (typeof CONSENT_PURPOSES)[number];

export const CONSENT_LABELS: Record<ConsentPurpose, { zh: string; en: string; law: string }> = {
  SENSITIVE_DATA: { zh: '处理医疗与账户信息', en: 'Handling medical and account data', law: 'PIPL 29' },
  SHARING_BUREAU: { zh: '向医保经办机构提供信息', en: 'Sharing with the healthcare-security bureau', law: 'PIPL 23' },
  SHARING_BANK: { zh: '向付款银行提供信息', en: 'Sharing with the paying bank', law: 'PIPL 23' },
};

/** What is about to be done with a person's data. */
export type ConsentStep = 'STORE' | 'TAKE_VISIT' | 'SUBMIT' | 'PAY';

/**
 * The least that each step needs (docs/decisions/0019): nobody is asked for more than what is done next. The bank is not told anything before a payment, and
 * of a claim that the bureau pays itself never.
 */
const NEEDED: Record<ConsentStep, readonly ConsentPurpose[]> = {
  /** a draft, or another document: kept with us, shown to nobody outside */
  STORE: ['SENSITIVE_DATA'],
  /** a bureau tells us of a visit */
  TAKE_VISIT: ['SENSITIVE_DATA', 'SHARING_BUREAU'],
  /** a claim is taken in, and each time that it is handed to the bureau */
  SUBMIT: ['SENSITIVE_DATA', 'SHARING_BUREAU'],
  /** an instruction is made for the bank */
  PAY: ['SENSITIVE_DATA', 'SHARING_BANK'],
};

export function neededFor(step: ConsentStep): readonly ConsentPurpose[] {
  return NEEDED[step];
}

export function isConsentPurpose(text: string): text is ConsentPurpose {
  return (CONSENT_PURPOSES as readonly string[]).includes(text);
}
