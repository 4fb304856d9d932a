/** 诊断: code as the bureaus know it (ICD-10, national medical-insurance edition), and its name. */
export type Diagnosis = { code: string; name: string };

export const MAX_DIAGNOSES = 20;
