import { parseArgs } from 'node:util';
import { runStack, signInLines } from './run-stack.ts';
import { seedShowcase } from './seed/showcase.ts';
import { onInterruption } from './stack/processes.ts';

/** `npm start`: the stack of the demonstration without its claim. Its data is kept between runs. */
const { values } = parseArgs({ options: { data: { type: 'string', default: '.daozhang/data' } } });
let interrupted = false;
onInterruption({
  announce() {
    interrupted = true;
    console.log('\nstopping everything that was started');
  },
  exitCode: 0,
});
try {
  const { product, identity, infrastructure, token, api } = await runStack({ dataDir: values.data, report: (line) => console.log(`  · ${line}`) });
  console.log(
    `\nAPI ${product.apiUrl}/docs\nTemporal UI ${infrastructure.temporal.uiUrl ?? infrastructure.temporal.address}\nMails ${infrastructure.mail.httpUrl}/mails`,
  );
  await seedShowcase({ api, ...product });
  console.log(`API key ${token} (development only)`);
  for (const line of signInLines({ product, identity })) console.log(line);
  console.log('\nEverything stays up until Ctrl-C.');
} catch (error) {
  // What fails while everything is being stopped fails for that reason; the process ends when all has stopped.
  if (!interrupted) {
    console.error(`The stack could not be started: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
