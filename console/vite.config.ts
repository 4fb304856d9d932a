import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** What the WebViews of WeCom, DingTalk and Feishu can run, and every browser of the last years: docs/operations.md says which versions that means. */
export const BUILD_TARGET = ['chrome100', 'safari15.4'];

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/app/',
  // no plugin: JSX is all there is to translate
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: BUILD_TARGET,
    outDir: 'dist',
    emptyOutDir: true,
    // inlined files would be `data:` addresses, which the policy of the page refuses
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: 'manifest.json',
    reportCompressedSize: false,
  },
  logLevel: 'warn',
});
