import { z } from 'zod';
import { claimNumber } from './common.ts';

const cursor = z
  .string()
  .regex(/^[0-9:,]{1,8000}$/)
  .meta({ description: 'A moment of the database: what `id` of an event, or `cursor` of an answer, said last', example: '8123:8131:8123,8127' });

export const changesQuery = z.strictObject({ after: cursor.optional() });
/** Not refused but answered with `reset`: a browser that is refused never comes back by itself. */
export const streamHeaders = {
  'last-event-id': z.string().max(16_000).optional().meta({ description: 'The id of the last event; what came since is told first' }),
};

export const changes = z
  .strictObject({
    cursor,
    reset: z.boolean().meta({ description: 'Too much has changed to name it, or the cursor is of another database: read everything again' }),
    claims: z.array(claimNumber),
    tasks: z.array(z.uuid()),
  })
  .meta({ id: 'Changes', description: 'That something changed, and nothing of what: claims and tasks that the reader may see' });

export type ChangesJson = z.output<typeof changes>;

/** What stands in a stream; it is read as it comes, and has no schema to be checked by. */
export const stream = z.any().meta({
  type: 'string',
  description:
    '`ready` (nothing was missed), `changes` (`{"claims": […], "tasks": […]}`), `reset` (read everything again), `bye` (`{"reason": "session-ended"}`: sign in). An event without a name only moves the id on.',
});
