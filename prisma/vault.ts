import { additionalData } from '#platform/crypto/additional-data.ts';
import { makeDataKey, openDataKey, type DataKey, type Suite } from '#platform/crypto/data-key.ts';
import { blindHash, seal, unseal } from '#platform/crypto/envelope.ts';
import type { MasterKeys } from '#platform/crypto/master-keys.ts';
import { createKeyCache } from './key-cache.ts';
import { installationKeyPlace, insertInstallationKey, insertPersonKey, personKeyPlace, readInstallationKey, readPersonKeys } from './queries/keys.ts';
import type { InstallationPurpose, PersonPurpose } from './queries/keys.ts';
import type { Tx } from './database.ts';

/** How long a process keeps an unwrapped key: within this time after its destruction no process can read what is under it. */
export const KEY_TTL_MS = 60_000;
/** About 2 kB each. */
const KEYS_KEPT = 10_000;
const GENERATION_BYTES = 2;

/**
 * A place where something of a person is kept, and the key that it is under. `medical` is destroyed when the person is erased; `accounting` stays as long as
 * vouchers have to be readable. A value opens only in the very place that it was sealed for.
 */
export type Field = { employeeId: string; key: PersonPurpose; table: string; column: string; row: string | readonly string[] };
/** The same for what belongs to no person. */
export type InstallationField = { purpose: InstallationPurpose; table: string; column: string; row: string | readonly string[] };

/** Seals and opens. Once its keys are known, for `KEY_TTL_MS`, nothing here asks the database. */
export type Vault = {
  /** what is sealed now is sealed with; what was sealed before says so itself */
  readonly suite: Suite;
  /** Makes the person's key at its first use. Throws `KeyDestroyed` where it was destroyed. */
  seal(field: Field, plaintext: string | Uint8Array): Promise<Buffer>;
  /** undefined: the key was destroyed. Throws `SealBroken` for what was not sealed for this place. */
  open(field: Field, sealed: Uint8Array): Promise<string | undefined>;
  openBytes(field: Field, sealed: Uint8Array): Promise<Buffer | undefined>;
  /** Gets the keys of many people with one query; for lists. */
  warm(key: PersonPurpose, employeeIds: readonly string[]): Promise<void>;
  /** Equal for equal values of one index (`employee.identity_no`), whoever they belong to; says nothing to those without the key. */
  blindIndex(name: string, value: string): Promise<Buffer>;
  sealInstallation(field: InstallationField, plaintext: string | Uint8Array): Promise<Buffer>;
  openInstallation(field: InstallationField, sealed: Uint8Array): Promise<Buffer>;
  /** The key itself, for what is sealed elsewhere (Temporal's payloads): the newest, made at its first use, or the given generation if there is one. */
  installationKey(purpose: InstallationPurpose, generation?: number): Promise<InstallationKey | undefined>;
  /** This process forgets a key that is being destroyed; others do within `KEY_TTL_MS`. */
  forget(key: PersonPurpose, employeeId: string): void;
};

/** Something is to be sealed for a person whose key was destroyed. */
export class KeyDestroyed extends Error {
  override readonly name = 'KeyDestroyed';

  constructor() {
    super('the key of this person was destroyed');
  }
}

export type VaultSettings = { masterKeys: MasterKeys; suite: Suite };
type Reader = { query: Tx['query'] };
export type InstallationKey = { key: DataKey; generation: number; suite: Suite };

const DESTROYED = 'destroyed';

const locked = async (): Promise<never> => {
  throw new Error('this process was started without master keys');
};
const LOCKED: VaultSettings = { suite: 'aes-256-gcm', masterKeys: { currentId: locked, wrap: locked, unwrap: locked } };

/** One for each process: the unwrapped keys are shared by all transactions. */
export function openVault({ masterKeys, suite }: VaultSettings = LOCKED): {
  /** For statements that are committed one by one. */
  over(db: Reader): Vault;
  /** For a transaction. `committed`: keys that it made may be used by others from now on; had it been rolled back, nobody could open what they seal. */
  within(tx: Reader): { vault: Vault; committed(): void };
} {
  const people = createKeyCache<DataKey | typeof DESTROYED>({ size: KEYS_KEPT, ttlMs: KEY_TTL_MS });
  const installation = createKeyCache<InstallationKey>({ size: 100, ttlMs: KEY_TTL_MS });

  function within(tx: Reader): { vault: Vault; committed(): void } {
    const madePeople = new Map<string, DataKey>();
    const madeInstallation = new Map<string, InstallationKey>();
    const forgotten = new Set<string>();

    async function loadPeople(purpose: PersonPurpose, employeeIds: readonly string[]): Promise<void> {
      for (const row of await readPersonKeys(tx, { purpose, employeeIds })) {
        const { employeeId, wrapped, masterKeyId } = row;
        if (wrapped === null || masterKeyId === null) people.put(personId(purpose, employeeId), DESTROYED);
        else {
          const material = await masterKeys.unwrap({ wrapped, masterKeyId }, personKeyPlace({ employeeId, purpose }));
          people.put(personId(purpose, employeeId), openDataKey(material));
        }
      }
    }

    const known = (id: string): DataKey | typeof DESTROYED | undefined => (forgotten.has(id) ? DESTROYED : (madePeople.get(id) ?? people.get(id)));

    async function personKey({ key: purpose, employeeId }: Field, { make }: { make: boolean }): Promise<DataKey | typeof DESTROYED> {
      const id = personId(purpose, employeeId);
      if (known(id) === undefined) await loadPeople(purpose, [employeeId]);
      if (known(id) === undefined && make) {
        const material = makeDataKey();
        const wrapped = await masterKeys.wrap(material, personKeyPlace({ employeeId, purpose }));
        if (await insertPersonKey(tx, { employeeId, purpose, ...wrapped })) madePeople.set(id, openDataKey(material));
        // somebody was faster
        else await loadPeople(purpose, [employeeId]);
      }
      const key = known(id);
      if (key === undefined) throw new Error('something is sealed for a person who has no key that can be seen from here');
      return key;
    }

    async function installationKey(purpose: InstallationPurpose, generation?: number): Promise<InstallationKey | undefined> {
      const id = `${purpose}/${generation ?? 'newest'}`;
      const cached = madeInstallation.get(id) ?? installation.get(id);
      if (cached) return cached;
      const row = await readInstallationKey(tx, { purpose, generation });
      if (row) {
        const key = openDataKey(await masterKeys.unwrap(row, installationKeyPlace({ purpose, ...row })));
        const found = { key, generation: row.generation, suite: row.suite };
        installation.put(id, found);
        return found;
      }
      if (generation !== undefined) return undefined;
      const first = { purpose, generation: 1, suite };
      const material = makeDataKey();
      const wrapped = await masterKeys.wrap(material, installationKeyPlace(first));
      if (!(await insertInstallationKey(tx, { ...first, ...wrapped }))) return installationKey(purpose);
      const made = { key: openDataKey(material), generation: 1, suite };
      madeInstallation.set(id, made);
      return made;
    }

    async function ownKey(purpose: InstallationPurpose, generation?: number): Promise<InstallationKey> {
      const key = await installationKey(purpose, generation);
      if (!key) throw new Error(`there is no generation ${generation} of the installation's key ${purpose}`);
      return key;
    }

    async function openBytes(field: Field, sealed: Uint8Array): Promise<Buffer | undefined> {
      const key = await personKey(field, { make: false });
      return key === DESTROYED ? undefined : unseal({ key, aad: placeOf(field) }, sealed);
    }

    const vault: Vault = {
      suite,
      openBytes,
      installationKey,
      async seal(field, plaintext) {
        const key = await personKey(field, { make: true });
        if (key === DESTROYED) throw new KeyDestroyed();
        return seal({ key, suite, aad: placeOf(field) }, bytesOf(plaintext));
      },
      async open(field, sealed) {
        return (await openBytes(field, sealed))?.toString('utf8');
      },
      async warm(purpose, employeeIds) {
        const unknown = new Set(employeeIds.filter((employeeId) => known(personId(purpose, employeeId)) === undefined));
        if (unknown.size > 0) await loadPeople(purpose, [...unknown]);
      },
      async blindIndex(name, value) {
        return blindHash({ ...(await ownKey('blind-index')), name }, value);
      },
      async sealInstallation(field, plaintext) {
        const { key, generation } = await ownKey(field.purpose);
        const prefix = Buffer.alloc(GENERATION_BYTES);
        prefix.writeUInt16BE(generation);
        return Buffer.concat([prefix, seal({ key, suite, aad: installationPlaceOf(field, generation) }, bytesOf(plaintext))]);
      },
      async openInstallation(field, sealed) {
        const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
        const generation = bytes.readUInt16BE();
        const { key } = await ownKey(field.purpose, generation);
        return unseal({ key, aad: installationPlaceOf(field, generation) }, bytes.subarray(GENERATION_BYTES));
      },
      forget(purpose, employeeId) {
        const id = personId(purpose, employeeId);
        forgotten.add(id);
        madePeople.delete(id);
      },
    };

    return {
      vault,
      committed() {
        for (const [id, key] of madePeople) people.put(id, key);
        for (const [id, key] of madeInstallation) installation.put(id, key);
        for (const id of forgotten) people.drop(id);
        for (const made of [madePeople, madeInstallation, forgotten]) made.clear();
      },
    };
  }

  return {
    within,
    over(db) {
      // Each call is a transaction of its own.
      const once = async <T>(work: (vault: Vault) => Promise<T>): Promise<T> => {
        const { vault, committed } = within(db);
        const result = await work(vault);
        committed();
        return result;
      };
      return {
        suite,
        seal: (field, plaintext) => once((vault) => vault.seal(field, plaintext)),
        open: (field, sealed) => once((vault) => vault.open(field, sealed)),
        openBytes: (field, sealed) => once((vault) => vault.openBytes(field, sealed)),
        warm: (key, employeeIds) => once((vault) => vault.warm(key, employeeIds)),
        blindIndex: (name, value) => once((vault) => vault.blindIndex(name, value)),
        sealInstallation: (field, plaintext) => once((vault) => vault.sealInstallation(field, plaintext)),
        openInstallation: (field, sealed) => once((vault) => vault.openInstallation(field, sealed)),
        installationKey: (purpose, generation) => once((vault) => vault.installationKey(purpose, generation)),
        forget: (key, employeeId) => people.drop(personId(key, employeeId)),
      };
    },
  };
}

const personId = (purpose: PersonPurpose, employeeId: string): string => `${employeeId}/${purpose}`;
const rowOf = (row: string | readonly string[]): readonly string[] => (typeof row === 'string' ? [row] : row);

const placeOf = ({ employeeId, key, table, column, row }: Field): Buffer => additionalData('person', employeeId, key, table, column, ...rowOf(row));
const installationPlaceOf = ({ purpose, table, column, row }: InstallationField, generation: number): Buffer =>
  additionalData('installation', purpose, String(generation), table, column, ...rowOf(row));

const bytesOf = (plaintext: string | Uint8Array): Uint8Array => (typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext);
