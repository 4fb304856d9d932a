import { CONSENT_PURPOSES, type ConsentPurpose } from '#domain/consent/purposes.ts';
import { textInForce } from '#domain/consent/texts.ts';
import type { Database } from '#prisma/database.ts';
import { insertConsent } from '#prisma/queries/consents.ts';

const DAY = '2026-01-01';
const AT = new Date(`${DAY}T00:00:00.000Z`);

/** These people have consented to everything, as those of most tests have; `kind` takes it back. */
export async function giveConsents(
  database: Database,
  employeeIds: readonly string[],
  { purposes = CONSENT_PURPOSES, kind = 'GIVEN' }: { purposes?: readonly ConsentPurpose[]; kind?: 'GIVEN' | 'WITHDRAWN' } = {},
): Promise<void> {
  await database.write(async (tx) => {
    for (const employeeId of employeeIds)
      for (const purpose of purposes)
        await insertConsent(tx, {
          employeeId,
          kind,
          text: textInForce(purpose, DAY),
          evidence: { how: 'SELF' },
          actor: { type: 'person', id: employeeId },
          at: AT,
        });
  });
}
