import { z } from 'zod';
import { line } from './common.ts';

export const pageError = z
  .strictObject({
    name: line(60),
    message: z.string().max(200),
    frames: z
      .array(z.string().regex(/^assets\/[\w.-]{1,100}:\d{1,7}:\d{1,7}$/))
      .max(8)
      .meta({ description: 'Where in the files of the console' }),
    page: z.string().regex(/^[a-z*/-]{1,120}$/),
  })
  .meta({ id: 'PageError', description: 'That a page of the console broke. Digits and whatever is not ASCII is masked before it is logged.' });
