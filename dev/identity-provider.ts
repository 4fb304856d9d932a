/**
 * The identity provider of the development stack, as a process of its own. Usage: `node dev/identity-provider.ts --config FILE`. Development only.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startProvider, type IdentitySettings } from './identity/provider.ts';

const { values } = parseArgs({ options: { config: { type: 'string' } } });
if (values.config === undefined) throw new Error('usage: node dev/identity-provider.ts --config FILE');
const settings = JSON.parse(readFileSync(values.config, 'utf8')) as IdentitySettings;
const { issuer, close } = await startProvider(settings);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void close().finally(() => process.exit(0)));
console.log(`the identity provider is ready at ${issuer} (development only)`);
