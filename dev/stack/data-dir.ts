import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory under the system's temporary one for servers that are thrown away. The caller removes it. */
export function temporaryDataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'daozhang-'));
  // Root's PostgreSQL runs as another account, which has to find its cluster in here.
  chmodSync(dir, 0o711);
  return dir;
}
