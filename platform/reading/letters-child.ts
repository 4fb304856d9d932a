import { constants } from 'node:fs';
import { serve } from '../render/serve.ts';

/** The limited child of letters.ts. */
await serve({
  'read-letters': async () => {
    // OpenCV asks for these numbers at its start, in a way that the permission model refuses
    Object.assign(process, { binding: () => ({ fs: constants }) });
    return (await import('./ocr.ts')).readLetters;
  },
});
