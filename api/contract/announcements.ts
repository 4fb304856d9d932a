import { z } from 'zod';
import { actor, bilingual, line, note, pageQuery, time, unitCode } from './common.ts';

export const announcementQuery = z.strictObject({ ...pageQuery });
export const announcementParams = z.strictObject({ id: z.uuid() });
export const newAnnouncement = z
  .strictObject({
    unitCode: unitCode.meta({ description: 'Everybody of it, and of what lies below, reads it' }),
    text: z.strictObject({ zh: line(200), en: line(300) }),
    startsAt: time.optional().meta({ description: 'Now where absent' }),
    endsAt: time,
    reason: note(500).min(1),
  })
  .meta({ id: 'NewAnnouncement' });
export const announcement = z
  .strictObject({
    id: z.uuid(),
    unitCode,
    text: bilingual,
    startsAt: time,
    endsAt: time,
    reason: z.string(),
    createdBy: actor,
    createdAt: time,
    endedBy: actor.nullable(),
    endedAt: time.nullable(),
  })
  .meta({ id: 'Announcement' });

export type Announcement = z.output<typeof announcement>;

export const outages = z
  .strictObject({
    items: z.array(
      z.strictObject({
        kind: z.enum(['bureau', 'bank', 'announcement']),
        id: z.string().meta({ description: 'Code of the bureau or bank, id of the announcement' }),
        text: bilingual,
        since: time,
        until: time.nullable(),
      }),
    ),
  })
  .meta({ id: 'Outages', description: 'What everybody is told: which bureau or bank does not answer, and what the operators announce' });
export type Outages = z.output<typeof outages>;
