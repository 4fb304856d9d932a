import type { Policies } from '#domain/policy/policies.ts';
import { loadPolicies } from '#platform/policy/load.ts';

/** The rulebooks, catalogues and hospitals that come with the product. */
export function testPolicies(): Policies {
  const loaded = loadPolicies();
  if (!loaded.ok) throw new Error('the rulebooks have faults');
  return loaded;
}
