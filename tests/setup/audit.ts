import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileAuditExport, type AuditExport } from '#platform/audit-export.ts';
import { loadAuditKey, type AuditKey } from '#platform/audit-key.ts';

/** A key to sign the audit with, and a directory of its own to export to. */
export async function testAudit(): Promise<{ key: AuditKey; export: AuditExport; dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'daozhang-audit-'));
  return { key: await loadAuditKey(join(dir, 'keys')), export: fileAuditExport(join(dir, 'roots')), dir: join(dir, 'roots') };
}
