import { z } from 'zod';
import { employeeNo, line, unitCode } from './common.ts';

export const colleagueSearch = z
  .strictObject({
    text: line(40).meta({ description: 'A part of the name, or how the number begins' }),
    limit: z.int().min(1).max(20).default(8),
  })
  .meta({ id: 'ColleagueSearch' });

export const colleagues = z
  .strictObject({ items: z.array(z.strictObject({ employeeNo, name: z.string(), unitCode, unitName: z.string() })) })
  .meta({ id: 'Colleagues', description: 'Who is there under the units that the caller looks after. An exact number comes first' });
export type ColleaguesJson = z.output<typeof colleagues>;
