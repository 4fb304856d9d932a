// 核验检查包 / Checks an inspection pack. Needs Node.js 20 or newer and nothing else:
//   node verify.mjs [DIRECTORY] [--key KEY-ID]
// Says "ok" and ends with 0, or names the first thing that is wrong and ends with 1. --key: the key that you were given on another way.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const args = process.argv.slice(2);
const keyFlag = args.indexOf('--key');
const [expectedKey] = keyFlag === -1 ? [] : args.splice(keyFlag, 2).slice(1);
const root = args[0] ?? dirname(fileURLToPath(import.meta.url));
const ZEROS = '0'.repeat(64);
const MOVE_PARTS = ['from', 'to', 'remark', 'params', 'turn', 'due'];

class Wrong extends Error {}
const demand = (condition, what) => {
  if (!condition) throw new Wrong(what);
};
const text = (name) => {
  try {
    return readFileSync(join(root, name), 'utf8');
  } catch {
    throw new Wrong(`${name}: is missing`);
  }
};
const json = (name, content = text(name)) => {
  try {
    return JSON.parse(content);
  } catch {
    throw new Wrong(`${name}: is not JSON`);
  }
};
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const shanghaiDay = (time) => new Date(Date.parse(time) + 8 * 3_600_000).toISOString().slice(0, 10);

async function* lines(name) {
  let no = 0;
  for await (const line of createInterface({ input: createReadStream(join(root, name)), crlfDelay: Infinity })) {
    no += 1;
    yield json(`${name} line ${no}`, line);
  }
}

function keyOf(name, keyId) {
  demand(existsSync(join(root, `keys/${keyId}.pem`)), `${name}: names the key ${keyId}, which is not in the pack`);
  let key;
  try {
    key = createPublicKey(text(`keys/${keyId}.pem`));
  } catch {
    throw new Wrong(`keys/${keyId}.pem: is no key`);
  }
  const id = sha256(key.export({ format: 'der', type: 'spki' }))
    .toString('hex')
    .slice(0, 16);
  demand(key.asymmetricKeyType === 'ed25519' && id === keyId, `keys/${keyId}.pem: is another key than its name`);
  demand(expectedKey === undefined || expectedKey === keyId, `${name}: is signed by ${keyId}, not by ${expectedKey}`);
  return key;
}

function checkSignature(name, { statement, signature, keyId }) {
  demand(typeof statement === 'string' && typeof signature === 'string' && /^[0-9a-f]{16}$/.test(keyId), `${name}: is no signed statement`);
  const bytes = Buffer.from(signature, 'base64');
  demand(bytes.toString('base64') === signature && verify(null, Buffer.from(statement), keyOf(name, keyId), bytes), `${name}: the signature is wrong`);
}

function checkManifest() {
  const [keyId, signature, ...rest] = text('manifest.sig').split('\n');
  demand(same(rest, ['']), 'manifest.sig: is no signature');
  checkSignature('manifest.json', { statement: text('manifest.json'), signature, keyId });
  const manifest = json('manifest.json');
  demand(manifest.type === 'daozhang-inspection-pack-v1', 'manifest.json: is of another kind');
  return manifest;
}

async function checkFiles({ files }) {
  const found = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    );
  const known = new Set(['manifest.json', 'manifest.sig', ...files.map(({ name }) => name)]);
  const there = new Set(found);
  for (const name of there) demand(known.has(name), `${name}: is not in the manifest`);
  for (const { name, size, sha256: expected } of files) {
    demand(there.has(name), `${name}: is missing`);
    const hash = createHash('sha256');
    demand(statSync(join(root, name)).size === size, `${name}: has another size`);
    for await (const piece of createReadStream(join(root, name))) hash.update(piece);
    demand(hash.digest('hex') === expected, `${name}: was changed`);
  }
}

/** The signed roots by unit and day. Each names the unit's one before it: none can be left out between two that are here. */
function readRoots(names) {
  const roots = new Map();
  const last = new Map();
  for (const name of names.toSorted()) {
    const signed = json(name);
    checkSignature(name, signed);
    const { type, unit, day, entries, root: hash, previous } = json(`${name}: statement`, signed.statement);
    demand(type === 'daozhang-audit-root-v1' && name === `roots/${unit?.id}/${day}.json`, `${name}: is about something else`);
    const before = last.get(unit.id);
    demand(
      (previous === null && !before) ||
        (previous?.day < day && (!before || previous.day > before.day || same(previous, { day: before.day, root: before.hash }))),
      `${name}: does not follow the root of ${before?.day ?? 'a day before it'}`,
    );
    last.set(unit.id, { day, hash });
    roots.set(`${unit.id} ${day}`, { entries, hash });
  }
  return roots;
}

/** Every link of a chain; the transitions in it by their number. */
async function readChain(name, entries) {
  const chain = name.slice('chains/'.length, -'.jsonl'.length);
  const moves = new Map();
  let [no, prev] = [0, ZEROS];
  for await (const { text: said, hash } of lines(name)) {
    no += 1;
    const where = `${name}: entry ${no}`;
    demand(sha256(said).toString('hex') === hash, `${where}: has another hash than its text`);
    const entry = json(where, said);
    demand(entry.chain === chain && entry.no === no, `${where}: belongs elsewhere`);
    demand(entry.prev === prev, `${where}: does not follow the entry before it`);
    prev = hash;
    entries.set(`${chain} ${no}`, { hash, place: `${entry.unit} ${shanghaiDay(entry.recorded)}`, proven: false });
    if (entry.seq !== null && Object.hasOwn(entry.detail, 'to') && Object.hasOwn(entry.detail, 'about')) moves.set(entry.seq, entry);
  }
  return moves;
}

function checkClaim(name, moves, files) {
  const { claim, events, documents } = json(name);
  demand(name === `claims/${claim.number}.json`, `${name}: is about another claim`);
  demand(events.length === claim.seq && events.length === moves.size, `${name}: has ${events.length} events, its chain ${moves.size}, the claim ${claim.seq}`);
  for (const [index, event] of events.entries()) {
    const move = moves.get(index + 1);
    const told = [event.seq, event.type, event.at, event.actor, event.fromState, event.toState, event.remark, event.remarkParams, event.turn, event.dueAt];
    demand(
      move !== undefined && same(told, [move.seq, move.action, move.at, move.actor, ...MOVE_PARTS.map((part) => move.detail[part])]),
      `${name}: event ${index + 1} is not what its chain says`,
    );
  }
  for (const { id, sha256: expected } of documents) {
    const content = files.get(`documents/${claim.number}/${id}`);
    demand(content === undefined || content === expected, `${name}: document ${id} is another one`);
  }
}

/** RFC 9162, section 2.1.3.2, over RFC 6962 hashes. */
function rootOf(hash, { index, path }, size) {
  let [fn, sn, node] = [index, size - 1, sha256(Buffer.of(0), Buffer.from(hash, 'hex'))];
  for (const sibling of path.map((each) => Buffer.from(each, 'hex'))) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      node = sha256(Buffer.of(1), sibling, node);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else node = sha256(Buffer.of(1), node, sibling);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 ? node.toString('hex') : undefined;
}

async function checkProofs(name, roots, entries) {
  const place = name.slice('roots/'.length, -'.proofs.jsonl'.length).replace('/', ' ');
  for await (const proof of lines(name)) {
    const entry = entries.get(`${proof.chain} ${proof.no}`);
    const day = roots.get(place);
    demand(entry?.place === place && day !== undefined, `${name}: proves an entry that is not in the pack`);
    demand(rootOf(entry.hash, proof, day.entries) === day.hash, `${proof.chain} entry ${proof.no}: is not under the signed root of its day`);
    entry.proven = true;
  }
}

function checkCoverage({ sealedTo }, roots, entries) {
  let open = 0;
  for (const [name, { place, proven }] of entries) {
    if (proven) continue;
    demand(
      !roots.has(place) && (sealedTo === null || place.split(' ')[1] > sealedTo),
      `${name.replace(' ', ' entry ')}: its day is sealed, and it is not under the root`,
    );
    open += 1;
  }
  return open;
}

try {
  const manifest = checkManifest();
  await checkFiles(manifest);
  const names = manifest.files.map(({ name }) => name);
  const matching = (pattern) => names.filter((name) => pattern.test(name));
  const documents = new Map(manifest.files.filter(({ name }) => name.startsWith('documents/')).map(({ name, sha256: hash }) => [name, hash]));
  const roots = readRoots(matching(/^roots\/.*\d\.json$/));
  const entries = new Map();
  const claims = matching(/^claims\//);
  demand(claims.length === manifest.claims && matching(/^chains\//).length === claims.length, 'manifest.json: claims and chains do not correspond');
  for (const name of claims) checkClaim(name, await readChain(name.replace('claims/', 'chains/').replace(/json$/, 'jsonl'), entries), documents);
  for (const name of matching(/^roots\/.*\.proofs\.jsonl$/)) await checkProofs(name, roots, entries);
  const open = checkCoverage(manifest, roots, entries);
  const [keyId] = text('manifest.sig').split('\n');
  console.log(`ok: ${claims.length} claims, ${entries.size} entries, ${roots.size} signed days, ${documents.size} documents; key ${keyId}`);
  if (open > 0) console.log(`${open} entries are of days after ${manifest.sealedTo ?? 'the beginning'} that were not sealed yet when the pack was made`);
} catch (error) {
  if (!(error instanceof Wrong)) throw error;
  console.error(`WRONG ${error.message}`);
  process.exitCode = 1;
}
