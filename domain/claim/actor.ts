/** Who did something. `id` is an employee's id, an API key's id, or a bureau's or bank's code: never personal data. */
export type Actor =
  | { type: 'system'; id: 'daozhang' }
  | { type: 'machine'; id: string }
  | { type: 'person'; id: string; via?: string }
  | { type: 'bureau'; id: string }
  | { type: 'bank'; id: string };

export const SYSTEM: Actor = { type: 'system', id: 'daozhang' };

/** Who has to do something next, and whose clock runs. */
export const PARTIES = ['employee', 'hr', 'manager', 'finance', 'bureau', 'bank', 'system'] as const;
export type Party = (typeof PARTIES)[number];

export const ROLES = ['employee', 'approver', 'hr', 'finance', 'auditor', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];
