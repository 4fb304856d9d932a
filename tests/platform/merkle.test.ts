import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createRootBuilder, createTree, leafHash, nodeHash } from '#platform/merkle.ts';

// the inputs that Certificate Transparency publishes with its roots
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];

/** RFC 6962, section 2.1, word for word: split at the largest power of two that is smaller than n. */
function root(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (!only) return createHash('sha256').digest();
  if (leaves.length === 1) return leafHash(only);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(root(leaves.slice(0, split)), root(leaves.slice(split)));
}

/** RFC 9162, section 2.1.3.2. */
function rootFromPath(leaf: Buffer, { index, size, path }: { index: number; size: number; path: readonly Buffer[] }): Buffer | undefined {
  let [fn, sn, hash] = [index, size - 1, leafHash(leaf)];
  for (const sibling of path) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else hash = nodeHash(hash, sibling);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 ? hash : undefined;
}

const hashes = Array.from({ length: 70 }, (_, n) => createHash('sha256').update(String(n)).digest());

describe('a root', () => {
  test.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('over %i of the published inputs is the published one', (count, expected) => {
    const builder = createRootBuilder();
    for (const input of INPUTS.slice(0, count)) builder.add(Buffer.from(input, 'hex'));
    expect([builder.size(), builder.root().toString('hex')]).toEqual([count, expected]);
  });

  test('is the same one by one, as a whole, and by the definition', () => {
    const builder = createRootBuilder();
    for (const size of [0, ...hashes.keys()]) {
      if (size > 0) builder.add(hashes[size - 1] ?? Buffer.alloc(0));
      const leaves = hashes.slice(0, size);
      expect([size, builder.root(), createTree(Buffer.concat(leaves)).root]).toEqual([size, root(leaves), root(leaves)]);
    }
  });
});

test('every leaf has a path to the root, and no path fits another leaf, place or size', () => {
  for (const size of [1, 2, 3, 5, 8, 13, 33]) {
    const tree = createTree(Buffer.concat(hashes.slice(0, size)));
    for (const [index, leaf] of hashes.slice(0, size).entries()) {
      const path = tree.pathOf(index);
      expect(rootFromPath(leaf, { index, size, path })).toEqual(tree.root);
      expect(rootFromPath(hashes[69] ?? leaf, { index, size, path })).not.toEqual(tree.root);
      if (size > 1) expect(rootFromPath(leaf, { index: (index + 1) % size, size, path })).not.toEqual(tree.root);
      expect(rootFromPath(leaf, { index, size: size * 2 + 1, path })).not.toEqual(tree.root);
    }
  }
});
