/** JSON that came over the wire, checked so far that PostgreSQL can keep it: it has neither U+0000 nor half a surrogate pair. */
const MAX_DEPTH = 16;

export type ParsedJson = { ok: true; value: unknown } | { ok: false; why: string };

/** Never throws. Refuses what is not UTF-8, not JSON, nested deeper than any message of ours, or not storable. */
export function parseStorableJson(raw: Uint8Array): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch {
    return { ok: false, why: 'not JSON in UTF-8' };
  }
  // Level by level: hostile nesting must not exhaust the stack.
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return { ok: false, why: 'nested too deeply' };
    const next: unknown[] = [];
    for (const node of level) {
      if (typeof node === 'string' && !storable(node)) return { ok: false, why: 'a text holds what is no character' };
      if (typeof node !== 'object' || node === null) continue;
      for (const [key, child] of Object.entries(node)) {
        if (!storable(key)) return { ok: false, why: 'a name holds what is no character' };
        next.push(child);
      }
    }
    level = next;
  }
  return { ok: true, value };
}

const storable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');
