type Label = { zh: string; en: string };

/** Kinds of claim (医疗类别) with the bureau's `med_type`. No primary source confirms the codes of TRAUMA and MATERNITY. */
export const CLAIM_KINDS = {
  OUTPATIENT: { medicalType: '11', zh: '普通门诊', en: 'Outpatient' },
  EMERGENCY: { medicalType: '13', zh: '急诊', en: 'Emergency' },
  CHRONIC: { medicalType: '14', zh: '门诊慢特病', en: 'Chronic or special disease, outpatient' },
  INPATIENT: { medicalType: '2101', zh: '住院', en: 'Inpatient' },
  TRAUMA: { medicalType: '22', zh: '外伤住院', en: 'Injury, inpatient' },
  MATERNITY: { medicalType: '52', zh: '生育住院', en: 'Maternity, inpatient' },
} as const satisfies Record<string, Label & { medicalType: string }>;
export type ClaimKind = keyof typeof CLAIM_KINDS;
export const CLAIM_KIND_CODES = Object.keys(CLAIM_KINDS) as ClaimKind[];

export const DOCUMENT_KINDS = {
  INVOICE: { zh: '医疗收费票据', en: 'Invoice' },
  FEE_LIST: { zh: '费用清单', en: 'List of fees' },
  PRESCRIPTION_OR_RECORD: { zh: '处方或门诊病历', en: 'Prescription or outpatient record' },
  IDENTITY_CARD: { zh: '身份证或社保卡', en: 'Identity or social-security card' },
  BANK_CARD: { zh: '银行卡', en: 'Bank card' },
  DIAGNOSIS_CERTIFICATE: { zh: '诊断证明', en: 'Diagnosis certificate' },
  DISCHARGE_SUMMARY: { zh: '出院小结', en: 'Discharge summary' },
  REFERRAL_PROOF: { zh: '异地就医备案或转诊证明', en: 'Proof of filing or referral for another region' },
  EMERGENCY_DIAGNOSIS: { zh: '急诊诊断证明', en: 'Emergency diagnosis' },
  ACCIDENT_STATEMENT: { zh: '事故认定书或无第三方责任说明', en: 'Accident finding, or statement that no third party is liable' },
  BIRTH_CERTIFICATE: { zh: '出生医学证明', en: 'Birth certificate' },
  OTHER: { zh: '其他材料', en: 'Other document' },
} as const satisfies Record<string, Label>;
export type DocumentKind = keyof typeof DOCUMENT_KINDS;
export const DOCUMENT_KIND_CODES = Object.keys(DOCUMENT_KINDS) as DocumentKind[];

/** What the claimant declares of the treatment. */
export const CIRCUMSTANCES = {
  EMERGENCY: { zh: '急诊抢救', en: 'Emergency rescue: counts as filed' },
  REFERRAL_FILED: { zh: '已办理转诊备案', en: 'Referral filed' },
  LONG_TERM_RESIDENT: { zh: '异地长期居住备案', en: 'Filed as long-term resident elsewhere' },
  /** not refused, but paid at a lower ratio */
  NO_REFERRAL: { zh: '未备案自行就医', en: 'Went without referral' },
  ACCIDENT: { zh: '外伤', en: 'Injury by accident' },
} as const satisfies Record<string, Label>;
export type Circumstance = keyof typeof CIRCUMSTANCES;
export const CIRCUMSTANCE_CODES = Object.keys(CIRCUMSTANCES) as Circumstance[];

const OUTPATIENT: readonly DocumentKind[] = ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD'];
const INPATIENT: readonly DocumentKind[] = ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY'];

const BY_KIND: Record<ClaimKind, readonly DocumentKind[]> = {
  OUTPATIENT,
  EMERGENCY: [...OUTPATIENT, 'EMERGENCY_DIAGNOSIS'],
  CHRONIC: OUTPATIENT,
  INPATIENT,
  TRAUMA: [...INPATIENT, 'ACCIDENT_STATEMENT'],
  MATERNITY: [...INPATIENT, 'BIRTH_CERTIFICATE'],
};

export type Situation = {
  kind: ClaimKind;
  crossRegion: boolean;
  circumstances: readonly Circumstance[];
  /** what HR's records hold already and nobody is asked for again */
  onFile: { identity: boolean; account: boolean };
  /** what the rulebook asks for besides those of the kind */
  byRulebook?: readonly DocumentKind[];
};

/** The documents that a claim needs, each once, in the order in which people are asked for them. */
export function requiredDocuments(situation: Situation): DocumentKind[] {
  const { kind, crossRegion, onFile } = situation;
  const is = (circumstance: Circumstance): boolean => situation.circumstances.includes(circumstance);
  const emergency = kind === 'EMERGENCY' || is('EMERGENCY');
  const required = new Set(BY_KIND[kind]);
  if (emergency) required.add('EMERGENCY_DIAGNOSIS');
  if (is('ACCIDENT')) required.add('ACCIDENT_STATEMENT');
  if (crossRegion && !emergency && !is('NO_REFERRAL')) required.add('REFERRAL_PROOF');
  for (const asked of situation.byRulebook ?? [])
    if (!(asked === 'IDENTITY_CARD' && onFile.identity) && !(asked === 'BANK_CARD' && onFile.account)) required.add(asked);
  if (!onFile.identity) required.add('IDENTITY_CARD');
  if (!onFile.account) required.add('BANK_CARD');
  return [...required];
}

/** The required documents of which `present` has none. */
export function findMissing(situation: Situation, present: readonly DocumentKind[]): DocumentKind[] {
  return requiredDocuments(situation).filter((kind) => !present.includes(kind));
}
