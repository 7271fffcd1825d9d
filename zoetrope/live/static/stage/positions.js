// Positions: one number per control, and the codes that they mean to every panel.

import { unpack } from "../wire/packing.js";

/** @typedef {{shape: number[], f32: string}} Packed */
/** @typedef {{shape: number[], numbers: Float32Array}} Unpacked */

/**
 * @typedef {object} Control
 * @property {string} id
 * @property {string} label
 * @property {number} low
 * @property {number} high
 * @property {number} value where it starts
 * @property {number} step
 * @property {number} default
 */

/** How one panel makes codes: along a path, or from an origin and directions. @typedef {{path?: Packed, origin?: Packed, directions?: Packed}} BasisData */

/** From positions to a code, for one panel. @typedef {{latentDim: number, code(values: ArrayLike<number>, out: Float32Array): void}} Basis */

/**
 * @param {BasisData} panel
 * @returns {Basis}
 */
export function basisOf(panel) {
  if (panel.path) return pathBasis(unpack(panel.path));
  if (panel.origin && panel.directions) return affineBasis(unpack(panel.origin), unpack(panel.directions));
  throw new Error("a panel without a basis");
}

/**
 * @param {Unpacked} origin
 * @param {Unpacked} directions
 * @returns {Basis}
 */
function affineBasis({ numbers: origin }, { numbers: directions }) {
  const latentDim = origin.length;
  return {
    latentDim,
    code(values, out) {
      out.set(origin);
      for (let k = 0; k < values.length; k++) {
        const amount = values[k];
        if (amount === 0) continue;
        const row = k * latentDim;
        for (let d = 0; d < latentDim; d++) out[d] += amount * directions[row + d];
      }
    },
  };
}

/**
 * @param {Unpacked} path
 * @returns {Basis}
 */
function pathBasis({ shape: [nSamples, latentDim], numbers }) {
  return {
    latentDim,
    code(values, out) {
      const place = Math.min(Math.max(values[0], 0), 1) * (nSamples - 1);
      const before = Math.min(Math.floor(place), nSamples - 2);
      const weight = place - before;
      const row = before * latentDim;
      for (let d = 0; d < latentDim; d++) {
        const a = numbers[row + d];
        out[d] = a + weight * (numbers[row + latentDim + d] - a);
      }
    },
  };
}

/** Values of all controls; tells listeners about every move and every release. */
export class Positions {
  /** @param {Control[]} controls */
  constructor(controls) {
    this.controls = controls;
    this.values = controls.map((control) => control.value);
    /** @type {(stamp: number) => void} */
    this.onMove = () => {};
    this.onRelease = () => {};
    /** @type {((index: number) => void)[]} functions that show the value of control `index` */
    this.views = [];
    this.active = 0;
  }

  /** @param {string} id */
  index(id) {
    return this.controls.findIndex((control) => control.id === id);
  }

  /**
   * Move one control; returns whether it moved.
   * @param {number} index
   * @param {number} value
   * @param {number} stamp when the user did it, ms
   */
  set(index, value, stamp = performance.now()) {
    const { low, high } = this.controls[index];
    const held = Math.min(Math.max(value, low), high);
    this.active = index;
    if (!Number.isFinite(held) || held === this.values[index]) return false;
    this.values[index] = held;
    this.show(index);
    this.onMove(stamp);
    return true;
  }

  /**
   * @param {number[]} values
   * @param {number} stamp
   */
  setAll(values, stamp = performance.now()) {
    this.values = this.controls.map(({ low, high }, i) => Math.min(Math.max(values[i], low), high));
    this.values.forEach((_, index) => this.show(index));
    this.onMove(stamp);
  }

  /**
   * @param {number} index
   * @param {number} steps
   * @param {number} [stamp]
   */
  step(index, steps, stamp) {
    const { step } = this.controls[index];
    // On the grid of steps, so that arrows after a drag give round numbers.
    const value = Math.round(this.values[index] / step + steps) * step;
    this.set(index, Number(value.toPrecision(12)), stamp);
  }

  /**
   * @param {number} index
   * @param {number} [stamp]
   */
  toDefault(index, stamp) {
    this.set(index, this.controls[index].default, stamp);
  }

  resetAll() {
    this.setAll(this.controls.map((control) => control.default));
  }

  /** A normal draw around the defaults; nine of ten values lie in the middle half of the range. */
  randomise() {
    this.setAll(
      this.controls.map(({ low, high, default: middle }) => middle + (gaussian() * (high - low)) / 6),
    );
  }

  /** @param {number} index */
  show(index) {
    for (const view of this.views) view(index);
  }

  release() {
    this.onRelease();
  }
}

function gaussian() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/**
 * A number with as many digits as its control's step needs; a real minus sign.
 * @param {number} value
 * @param {{step: number}} control
 */
export function format(value, { step }) {
  const digits = Math.min(4, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}
