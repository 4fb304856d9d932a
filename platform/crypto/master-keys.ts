/** A data key as it is kept: sealed under the master key with this id. */
export type WrappedKey = { masterKeyId: string; wrapped: Uint8Array };

/**
 * The keys that seal the keys. A port: files and the environment are behind it here (platform/master-keys.ts); a key management service fits as well, because
 * nothing but `wrap` and `unwrap` is asked of it, both are asynchronous, and what `wrapped` holds is its own affair.
 */
export type MasterKeys = {
  /** Which one wraps from now on. Asked anew each time: another process may have made a newer one. */
  currentId(): Promise<string>;
  /** Under the current one. `aad` says whose key it is: a wrapped key that is moved to another row does not open. */
  wrap(dataKey: Uint8Array, aad: Uint8Array): Promise<WrappedKey>;
  /** Throws `UnknownMasterKey` or `SealBroken`. */
  unwrap(key: WrappedKey, aad: Uint8Array): Promise<Buffer>;
};

/** A data key is wrapped by a master key that this process cannot get. */
export class UnknownMasterKey extends Error {
  override readonly name = 'UnknownMasterKey';

  constructor(masterKeyId: string) {
    super(`master key ${masterKeyId} is needed and is not here`);
  }
}
