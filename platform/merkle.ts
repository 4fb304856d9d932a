import { createHash } from 'node:crypto';

/*
 * Merkle trees as RFC 6962 has them: leaves and nodes are hashed apart (0x00, 0x01), so that no node passes for a leaf, and a node without a sibling goes up as
 * it is. A leaf here is the hash of an entry.
 */

const HASH_BYTES = 32;
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

export function leafHash(entryHash: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(entryHash).digest();
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** A root over leaves that come one by one, in memory that grows with the logarithm of their number. */
export function createRootBuilder(): { add(entryHash: Uint8Array): void; size: () => number; root: () => Buffer } {
  const complete: { height: number; hash: Buffer }[] = [];
  let size = 0;
  return {
    add(entryHash) {
      let node = { height: 0, hash: leafHash(entryHash) };
      for (let left = complete.at(-1); left?.height === node.height; left = complete.at(-1)) {
        complete.pop();
        node = { height: node.height + 1, hash: nodeHash(left.hash, node.hash) };
      }
      complete.push(node);
      size += 1;
    },
    size: () => size,
    root() {
      const [last, ...before] = complete.toReversed();
      if (!last) return createHash('sha256').digest();
      return before.reduce((right, left) => nodeHash(left.hash, right), last.hash);
    },
  };
}

/** A whole tree, for proofs. `entryHashes`: 32 bytes each, one after the other; about twice as much is held. */
export function createTree(entryHashes: Uint8Array): { size: number; root: Buffer; pathOf(index: number): Buffer[] } {
  const size = entryHashes.byteLength / HASH_BYTES;
  const at = (level: Uint8Array, index: number): Uint8Array => level.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  const levels = [joined(size, (index) => leafHash(at(entryHashes, index)))];
  for (let below = levels[0]; below && below.byteLength > HASH_BYTES; below = levels.at(-1)) {
    const level = below;
    const count = level.byteLength / HASH_BYTES;
    const up = (index: number): Uint8Array => (2 * index + 1 < count ? nodeHash(at(level, 2 * index), at(level, 2 * index + 1)) : at(level, 2 * index));
    levels.push(joined(Math.ceil(count / 2), up));
  }
  return {
    size,
    root: size === 0 ? createHash('sha256').digest() : Buffer.from(levels.at(-1) ?? []),
    pathOf(index) {
      return levels.slice(0, -1).flatMap((level, height) => {
        const sibling = Buffer.from(at(level, Math.floor(index / 2 ** height) ^ 1));
        return sibling.byteLength === 0 ? [] : [sibling];
      });
    },
  };
}

function joined(count: number, hashOf: (index: number) => Uint8Array): Buffer {
  const level = Buffer.alloc(count * HASH_BYTES);
  for (let index = 0; index < count; index += 1) level.set(hashOf(index), index * HASH_BYTES);
  return level;
}
