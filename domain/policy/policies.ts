import type { Catalogue } from './catalogue.ts';
import type { Versioned } from './edition.ts';
import type { HospitalList } from './hospitals.ts';
import type { EmployerPlan, Rulebook } from './rulebook.ts';

/** Everything that an amount is computed by. */
export type Policies = {
  rulebooks: readonly Versioned<Rulebook>[];
  plans: readonly Versioned<EmployerPlan>[];
  catalogues: readonly Versioned<Catalogue>[];
  hospitals: readonly Versioned<HospitalList>[];
};
