import cookie from '@fastify/cookie';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { createSignIn, type SignIn } from '../sign-in/sign-in.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** undefined where no identity provider is configured: then only API keys open doors */
    readonly signIn: SignIn | undefined;
  }
}

/** What is needed to sign people in, and machines that come with tokens. */
export default fp(
  async (app: FastifyInstance) => {
    const { signIn: config, database, clock } = app.deps;
    app.decorate('signIn', config && createSignIn({ config, database, clock }));
    await app.register(cookie);
  },
  { name: 'sign-in', dependencies: ['errors'], decorators: { fastify: ['deps'] } },
);
