import type { z } from 'zod';
import { outageSince, outageText } from '#domain/operations/outage.ts';
import type { BankDeclaration, BureauDeclaration } from '#platform/gateways.ts';
import type { GatewayHealthRow } from '#prisma/queries/gateway-health.ts';
import { rfc3339 } from '../claim-json.ts';
import type { outages } from '../contract/announcements.ts';
import type { operationsHealth } from '../contract/operations.ts';

type Declared = Pick<BureauDeclaration | BankDeclaration, 'code' | 'name' | 'ratePerSecond'>;

export function gatewayJson(declared: Declared, row: GatewayHealthRow | undefined, now: Date): z.output<typeof operationsHealth>['bureaus'][number] {
  const { code, name, ratePerSecond } = declared;
  return {
    ...{ code, name, ratePerSecond, outageSince: row ? rfc3339(outageSince(row, now)) : null },
    ...{ lastSuccessAt: rfc3339(row?.lastSuccessAt ?? null), lastFailureAt: rfc3339(row?.lastFailureAt ?? null) },
    ...{ failures: row?.failures ?? 0, lastFailure: row?.lastFailure ?? null },
  };
}

/** Those of `declared` that cannot be reached now, as everybody is told of them. */
export function outagesOf(
  kind: 'bureau' | 'bank',
  declared: readonly Pick<Declared, 'code' | 'name'>[],
  health: readonly GatewayHealthRow[],
  now: Date,
): z.output<typeof outages>['items'] {
  return declared.flatMap(({ code, name }) => {
    const row = health.find((one) => one.code === code);
    const since = row ? outageSince(row, now) : null;
    return since === null ? [] : [{ kind, id: code, text: outageText(kind, name, { since, now }), since: since.toISOString(), until: null }];
  });
}
