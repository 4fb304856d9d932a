import { z } from 'zod';

export const alive = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Alive' });
export const readiness = z
  .strictObject({ status: z.enum(['ready', 'not-ready']), database: z.enum(['up', 'down']), temporal: z.enum(['up', 'down']) })
  .meta({ id: 'Readiness', description: 'Without the workflow service we stay ready: claims and callbacks are stored and go on later.' });
