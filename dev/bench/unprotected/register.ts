import { registerHooks } from 'node:module';

/*
 * `node --import` this before the API or the worker: the same code without what protects the data. The product has no such switch; its modules are exchanged from
 * outside, and only for the benchmark that asks what protection costs.
 */
const EXCHANGED: readonly (readonly [real: string, plain: string])[] = [
  ['/platform/crypto/envelope.ts', './envelope.ts'],
  ['/platform/payload-codec.ts', './payload-codec.ts'],
  ['/prisma/vault.ts', './vault.ts'],
  ['/prisma/database.ts', './database.ts'],
];
const HERE = new URL('.', import.meta.url).href;
const ROOT = new URL('../../../', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    // the plain modules themselves are made of the real ones
    if (context.parentURL?.startsWith(HERE)) return found;
    const exchanged = EXCHANGED.find(([real]) => found.url === new URL(`.${real}`, ROOT).href);
    return exchanged ? { ...found, url: new URL(exchanged[1], HERE).href } : found;
  },
});
