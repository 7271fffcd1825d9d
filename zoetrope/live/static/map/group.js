// The group: items chosen on the map or by Python. It belongs to the items, not to one map.

import { count, packBits, unpackBits } from "./row_bits.js";

/** @typedef {{ revision: string, bits: string | null }} PackedGroup */

export class Group {
  constructor() {
    /** @type {Uint8Array | null} one byte an item; null: no group */
    this.mask = null;
    /** @type {string | null} which choice it is; every one has another */
    this.revision = null;
  }

  get size() {
    return this.mask ? count(this.mask) : 0;
  }

  /** @param {number} item */
  has(item) {
    return !this.mask || this.mask[item] === 1;
  }

  forget() {
    this.mask = this.revision = null;
  }

  /**
   * A group that Python chose (kept, found, or from before a change of page); false where it is
   * the one shown.
   * @param {PackedGroup | null} packed
   * @param {number} n items
   */
  adopt(packed, n) {
    if (!packed || packed.revision === this.revision) return false;
    this.revision = packed.revision;
    this.mask = packed.bits ? unpackBits(packed.bits, n) : null;
    return true;
  }

  /**
   * @param {Uint8Array | null} mask
   * @param {string} revision
   */
  set(mask, revision = `${Date.now()}-${Math.random().toString(36).slice(2, 8)}`) {
    this.mask = mask;
    this.revision = revision;
    return { group: mask, revision };
  }

  /** As it travels to Python. */
  packed() {
    return { bits: this.mask ? packBits(this.mask) : null, revision: this.revision };
  }

  /**
   * The group that an outline makes: what is `inside` it, added to this one or taken away.
   * @param {Uint8Array} inside
   * @param {(item: number) => boolean} isMeant items that are grey are not
   * @param {{ adds: boolean, removes: boolean }} keys
   */
  drawn(inside, isMeant, { adds, removes }) {
    const before = this.mask ?? new Uint8Array(inside.length);
    const mask = new Uint8Array(inside.length);
    for (let i = 0; i < mask.length; i += 1) {
      const isIn = removes
        ? before[i] && !inside[i]
        : (inside[i] && isMeant(i)) || (adds && before[i]);
      if (isIn) mask[i] = 1;
    }
    return count(mask) ? mask : null;
  }
}

/**
 * How many items are found and chosen, in words; nothing where neither is asked.
 * @param {number} n items in all
 * @param {Uint8Array | null} found one byte an item; null: no search
 * @param {Uint8Array | null} chosen one byte an item; null: no group
 */
export function countWords(n, found, chosen) {
  const parts = [];
  if (found) parts.push(`${numeral(count(found))} of ${numeral(n)} found`);
  if (chosen) parts.push(`${numeral(count(chosen))} chosen`);
  if (found && chosen) {
    parts.push(`${numeral(count(chosen.map((one, i) => one & found[i])))} of them found`);
  }
  return parts.join(", ");
}

/** @param {number} n */
function numeral(n) {
  return n.toLocaleString("en");
}
