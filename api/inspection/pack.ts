import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Actor } from '#domain/claim/actor.ts';
import { scopeOf } from '#domain/audit/root.ts';
import type { Day } from '#domain/calendar.ts';
import { signed, type AuditKey } from '#platform/audit-key.ts';
import { SealBroken } from '#platform/crypto/envelope.ts';
import type { DocumentStore } from '#platform/document-store.ts';
import { createTree } from '#platform/merkle.ts';
import type { ScopedDatabase } from '#prisma/database.ts';
import { audit, recordLooks } from '#prisma/queries/audit.ts';
import { lastSealedDay, listRoots, readUnitDay } from '#prisma/queries/audit-roots.ts';
import { openDocument } from '#prisma/queries/document-keys.ts';
import { findDocuments } from '#prisma/queries/documents.ts';
import { listInspected, readInspected, type InspectedClaim, type PackRow } from '#prisma/queries/inspection.ts';
import { claimFile, SUMMARY_COLUMNS, summaryCells } from './claim-file.ts';
import { csvRow } from './csv.ts';
import { packReadme } from './readme.ts';
import type { PackFile } from './zip.ts';

const PAGE = 50;
const BYTE_ORDER_MARK = '\uFEFF';
const VERIFY = new URL('./verify.mjs', import.meta.url);

type Deps = { db: ScopedDatabase; documents: DocumentStore; key: AuditKey; clock: () => Date };
type Request = { pack: PackRow; actor: Actor };
type MakeFile = (name: string, content: PackFile['content']) => PackFile;

/** What has been handed out so far: what the manifest says, and what the proofs are about. */
type Ledger = {
  files: { name: string; size: number; sha256: string }[];
  omitted: { claim: string; document: string; why: 'erased' | 'missing' | 'damaged' }[];
  summary: string[];
  /** the last entry of each chain that is in the pack */
  ends: Map<string, number>;
  /** unit and day of every entry */
  days: Map<string, { unitId: string; day: Day }>;
  keys: Map<string, string>;
};

/**
 * The files of a pack, one after the other, as they are asked for: a page of claims is read at a time, each with its chain, so that what is held does not grow with
 * the number of claims but for a line of summary, a name and a hash each. Whose claims are read is recorded in the transaction that reads them.
 */
export async function* packFiles(deps: Deps, { pack, actor }: Request): AsyncGenerator<PackFile> {
  const ledger: Ledger = { files: [], omitted: [], summary: [], ends: new Map(), days: new Map(), keys: new Map([[deps.key.keyId, deps.key.publicKey]]) };
  const sealedTo = await lastSealedDay(deps.db);
  const file: MakeFile = (name, content) => ({ name, content: counted(name, content, ledger) });

  yield file('README.md', [packReadme({ about: aboutOf(pack), keyId: deps.key.keyId, contents: pack.contents })]);
  yield file('verify.mjs', [await readFile(VERIFY)]);
  for (let after = '', more = true; more;) {
    const page = await readPage(deps, { pack, actor, after });
    for (const claim of page) {
      const { chain } = claim;
      yield file(`claims/${claim.number}.json`, [claimFile(claim)]);
      yield file(
        `chains/${claim.number}.jsonl`,
        chain.map(({ text, hash }) => `${JSON.stringify({ text, hash })}\n`),
      );
      if (pack.contents) yield* documentFiles(deps, claim, ledger, file);
      ledger.summary.push(csvRow(summaryCells(claim)));
      for (const { no, day } of chain) {
        ledger.ends.set(claim.number, no);
        ledger.days.set(`${claim.unitId} ${day}`, { unitId: claim.unitId, day });
      }
    }
    after = page.at(-1)?.number ?? '';
    more = page.length === PAGE;
  }
  yield file('summary.csv', [BYTE_ORDER_MARK, csvRow(SUMMARY_COLUMNS), ...ledger.summary]);
  for (const place of ledger.days.values()) yield* rootFiles(deps, place, ledger, file);
  for (const [keyId, publicKey] of ledger.keys) yield file(`keys/${keyId}.pem`, [publicKey]);
  yield* manifestFiles(deps, { pack, actor, sealedTo }, ledger);
}

/** The next claims with their chains, in one transaction with the entries that say who is about to see them: those come first, because they may have to wait. */
async function readPage({ db, clock }: Deps, { pack, actor, after }: Request & { after: string }): Promise<InspectedClaim[]> {
  return db.write(async (tx) => {
    const people = await listInspected(tx, pack, { after, limit: PAGE });
    await recordLooks(tx, { people, actor, what: 'inspection-pack', at: clock() });
    return readInspected(
      tx,
      people.map(({ claimNumber }) => claimNumber),
    );
  });
}

async function* documentFiles(
  { db, documents }: Deps,
  { number, documents: attached }: InspectedClaim,
  ledger: Ledger,
  file: MakeFile,
): AsyncGenerator<PackFile> {
  for (const document of await findDocuments(db, { ids: attached.map(({ id }) => id) })) {
    const omit = (why: Ledger['omitted'][number]['why']) => ledger.omitted.push({ claim: number, document: document.id, why });
    try {
      const sealed = await documents.get(document.storageKey);
      const content = sealed && (await openDocument(db.vault, { key: document, sealed }));
      if (content) yield file(`documents/${number}/${document.id}`, [content]);
      else omit(sealed ? 'erased' : 'missing');
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      omit('damaged');
    }
  }
}

/** The signed root of a unit's day, and the paths to it from the entries that are in the pack. */
async function* rootFiles({ db }: Deps, { unitId, day }: { unitId: string; day: Day }, ledger: Ledger, file: MakeFile): AsyncGenerator<PackFile> {
  const [root] = await listRoots(db, { day, scopes: [scopeOf(unitId)] });
  if (!root) return;
  const { statement, signature, keyId, publicKey } = root;
  ledger.keys.set(keyId, publicKey);
  yield file(`roots/${unitId}/${day}.json`, [`${JSON.stringify({ statement, signature, keyId })}\n`]);
  const entries = await readUnitDay(db, { unitId, day });
  const tree = createTree(Buffer.concat(entries.map(({ hash }) => hash)));
  const proofs = function* (): Generator<string> {
    for (const [index, { chain, no }] of entries.entries()) {
      if (no > (ledger.ends.get(chain) ?? 0)) continue;
      yield `${JSON.stringify({ chain, no, index, path: tree.pathOf(index).map((hash) => hash.toString('hex')) })}\n`;
    }
  };
  yield file(`roots/${unitId}/${day}.proofs.jsonl`, proofs());
}

/** Last, because it says what all the others are; that it was handed out whole is recorded with its digest. */
async function* manifestFiles(
  { db, key, clock }: Deps,
  { pack, actor, sealedTo }: Request & { sealedTo: Day | null },
  ledger: Ledger,
): AsyncGenerator<PackFile> {
  const { files, omitted } = ledger;
  const manifest = {
    type: 'daozhang-inspection-pack-v1',
    pack: { id: pack.id, unit: pack.unitCode, claim: pack.claimNumber, from: pack.fromDay, to: pack.toDay, contents: pack.contents, reason: pack.reason },
    ...{ madeAt: clock().toISOString(), sealedTo, claims: ledger.summary.length, omitted, files },
  };
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  const { signature, keyId } = signed(key, text);
  yield { name: 'manifest.json', content: [text] };
  const detail = { pack: pack.id, claims: ledger.summary.length, files: files.length, manifest: createHash('sha256').update(text).digest('hex') };
  await db.write((tx) => audit(tx, { claimNumber: pack.claimNumber, unitId: pack.unitId, at: clock(), actor, action: 'inspection-pack-sent', detail }));
  yield { name: 'manifest.sig', content: [`${keyId}\n${signature}\n`] };
}

async function* counted(name: string, content: PackFile['content'], { files }: Ledger): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of content) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece;
    hash.update(bytes);
    size += bytes.byteLength;
    if (bytes.byteLength > 0) yield bytes;
  }
  files.push({ name, size, sha256: hash.digest('hex') });
}

function aboutOf({ claimNumber, unitCode, fromDay, toDay, reason }: PackRow): { zh: string; en: string } {
  if (claimNumber !== null) return { zh: `申请 ${claimNumber}。事由：${reason}`, en: `Claim ${claimNumber}. Reason: ${reason}` };
  const [from, to] = [fromDay ?? '…', toDay ?? '…'];
  return {
    zh: `单位 ${unitCode} 及其下级，${from} 至 ${to} 提交的申请。事由：${reason}`,
    en: `Claims made in unit ${unitCode} and below, ${from} to ${to}. Reason: ${reason}`,
  };
}
