import type { Actor } from '#domain/claim/actor.ts';
import type { Database, Tx } from '../database.ts';

export type AnnouncementRow = {
  id: string;
  unitCode: string;
  zh: string;
  en: string;
  startsAt: Date;
  endsAt: Date;
  reason: string;
  createdBy: Actor;
  createdAt: Date;
  endedBy: Actor | null;
  endedAt: Date | null;
};

const ANNOUNCEMENT = `n.id, u.code AS "unitCode", n.zh, n.en, n.starts_at AS "startsAt", n.ends_at AS "endsAt", n.reason, n.created_by AS "createdBy",
  n.created_at AS "createdAt", n.ended_by AS "endedBy", n.ended_at AS "endedAt"`;

export async function makeAnnouncement(
  tx: Tx,
  made: { unitId: string; zh: string; en: string; startsAt: Date; endsAt: Date; reason: string; createdBy: Actor; at: Date },
): Promise<AnnouncementRow> {
  const { unitId, zh, en, startsAt, endsAt, reason, createdBy, at } = made;
  const { rows } = await tx.query<AnnouncementRow>(
    `WITH n AS (INSERT INTO announcement (unit_id, zh, en, starts_at, ends_at, reason, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *)
     SELECT ${ANNOUNCEMENT} FROM n JOIN unit u ON u.id = n.unit_id`,
    [unitId, zh, en, startsAt, endsAt, reason, JSON.stringify(createdBy), at],
  );
  if (!rows[0]) throw new Error('an announcement was not inserted');
  return rows[0];
}

/** Ends it now. Undefined where there is none under these units, or it is over. */
export async function endAnnouncement(
  tx: Tx,
  { id, within, endedBy, at }: { id: string; within: readonly string[]; endedBy: Actor; at: Date },
): Promise<(AnnouncementRow & { unitId: string }) | undefined> {
  const { rows } = await tx.query<AnnouncementRow & { unitId: string }>(
    `UPDATE announcement n SET ended_by = $3, ended_at = $4 FROM unit u
     WHERE n.id = $1 AND u.id = n.unit_id AND EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = u.id AND a.ancestor_id = ANY ($2::uuid[]))
       AND n.ended_at IS NULL AND n.ends_at > $4
     RETURNING ${ANNOUNCEMENT}, n.unit_id AS "unitId"`,
    [id, within, JSON.stringify(endedBy), at],
  );
  return rows[0];
}

/** Those under `within`, newest first, also the ones that are over. */
export async function listAnnouncements(
  db: Pick<Database, 'query'>,
  { within, after, limit }: { within: readonly string[]; after: { createdAt: string; id: string } | undefined; limit: number },
): Promise<AnnouncementRow[]> {
  const { rows } = await db.query<AnnouncementRow>(
    `SELECT ${ANNOUNCEMENT} FROM announcement n JOIN unit u ON u.id = n.unit_id
     WHERE EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = n.unit_id AND a.ancestor_id = ANY ($1::uuid[]))
       AND ($2::timestamptz IS NULL OR (n.created_at, n.id) < ($2, $3::uuid))
     ORDER BY n.created_at DESC, n.id DESC LIMIT $4`,
    [within, after?.createdAt ?? null, after?.id ?? null, limit],
  );
  return rows;
}

/** Those that count now in any of `units`: told there or above; and where somebody looks after a unit also what is told below it. */
export async function listAnnouncementsInForce(
  db: Pick<Database, 'query'>,
  { units, lookedAfter, now }: { units: readonly string[]; lookedAfter: readonly string[]; now: Date },
): Promise<{ id: string; zh: string; en: string; startsAt: Date; endsAt: Date }[]> {
  const { rows } = await db.query<{ id: string; zh: string; en: string; startsAt: Date; endsAt: Date }>(
    `SELECT id, zh, en, starts_at AS "startsAt", ends_at AS "endsAt" FROM announcement n
     WHERE starts_at <= $1 AND ends_at > $1 AND ended_at IS NULL
       AND (EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = ANY ($2::uuid[]) AND a.ancestor_id = n.unit_id)
         OR EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = n.unit_id AND a.ancestor_id = ANY ($3::uuid[])))
     ORDER BY starts_at, id LIMIT 20`,
    [now, units, lookedAfter],
  );
  return rows;
}
