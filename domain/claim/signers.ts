/**
 * Why these people may not sign together: nobody decides the own claim, and nobody gives a second signature who gave the first. `people`: who acts, and the absent person in
 * whose name it is done. Asked by `can()` before a decision is taken to the workflow, and by the workflow when it is taken.
 */
export function refuseSigners(
  people: readonly string[],
  { claimantId, excluded }: { claimantId?: string | undefined; excluded: readonly string[] },
): 'OWN_CLAIM' | 'SECOND_PERSON_REQUIRED' | null {
  if (claimantId !== undefined && people.includes(claimantId)) return 'OWN_CLAIM';
  return people.some((id) => excluded.includes(id)) ? 'SECOND_PERSON_REQUIRED' : null;
}
