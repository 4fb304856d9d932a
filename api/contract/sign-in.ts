import { z } from 'zod';
import { ROLES } from '#domain/claim/actor.ts';
import { employeeNo, time, unitCode } from './common.ts';

const visible = (max: number) => z.string().regex(new RegExp(`^[\\x21-\\x7e]{1,${max}}$`));

export const signInQuery = z.strictObject({
  returnTo: visible(2_000).default('/').meta({ description: 'Where the browser goes afterwards: a path of this origin', example: '/claims' }),
  acr: visible(200).optional().meta({ description: 'A class of authentication that means a second factor, where one is needed' }),
  prompt: z.literal('login').optional().meta({ description: 'Ask who it is, even where somebody is signed in at the provider: to sign in as another person' }),
});

/** What the provider sends a browser back with. More parameters are its own affair. */
export const callbackQuery = z.looseObject({
  code: visible(4_000).optional(),
  state: visible(200).optional(),
  iss: visible(2_000).optional(),
  error: visible(200).optional(),
});

export const session = z
  .strictObject({
    employeeNo,
    name: z.string(),
    unitCode,
    roles: z.array(
      z.strictObject({
        role: z.enum(ROLES),
        unitCode,
        onBehalfOf: employeeNo.nullable().meta({ description: 'The absent person whose role it is; null: the own' }),
      }),
    ),
    secondFactor: z.boolean().meta({ description: 'Roles that need a second factor count only where this is true' }),
    secondFactorSignIn: z.string().meta({ description: 'Where a second factor is shown', example: '/auth/login?acr=…' }),
    signedInAt: time,
    idleUntil: time.meta({ description: 'When the session ends if nothing is asked until then' }),
    endsAt: time.meta({ description: 'When it ends in any case' }),
    deviceKey: z.string().meta({
      description: 'AES-256 key, Base64: what a page keeps on the device for this person is sealed with it, and so shut to whoever else holds the device',
    }),
    csrfToken: z.string().meta({ description: 'To be sent as `Daozhang-Csrf` with whatever changes something' }),
  })
  .meta({ id: 'Session' });
export type Session = z.output<typeof session>;

export const signedOut = z
  .strictObject({ endSessionUrl: z.string().nullable().meta({ description: 'Where the browser goes to end the session at the identity provider as well' }) })
  .meta({ id: 'SignedOut' });
