// Rows of small pictures under the stage: what lies around the positions along chosen controls.

import { element } from "../page/dom.js";
import { StripRow } from "./panels.js";

const CHANNEL = 1;
// Strips follow a moving control at this pace, so that the large pictures keep the server's time.
const PACE_MS = 120;

/** @typedef {import("./painters.js").AnswerPart} AnswerPart */
/** @typedef {import("./painters.js").Prepared} Prepared */
/** @typedef {import("./panels.js").Panel} Panel */
/** @typedef {import("./positions.js").Positions} Positions */
/** @typedef {import("./positions.js").Basis} Basis */
/** @typedef {import("./stage.js").StageData} StageData */
/** @typedef {import("./stage.js").PanelData} PanelData */
/** @typedef {import("../wire/decoder.js").Decoder} Decoder */
/** Rows that walk one control, one a panel. @typedef {{index: number, rows: StripRow[], element: HTMLElement}} Group */

export class Strips {
  /**
   * @param {HTMLElement} area
   * @param {StageData} data what the page gave
   * @param {Positions} positions
   * @param {Basis[]} bases one per panel
   */
  constructor(area, data, positions, bases) {
    const { strip, panels } = data;
    this.positions = positions;
    this.bases = bases;
    this.nFrames = strip?.n_frames ?? 0;
    /** @type {Set<number>} */
    this.refused = new Set();
    this.groups = (strip?.along ?? []).map((id) => this.group(positions.index(id), panels));
    /** @type {Set<Group>} */
    this.stale = new Set();
    /** @type {Group[]} in the order of the requests under way */
    this.asked = [];
    this.lastMs = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    area.replaceChildren(...this.groups.map((group) => group.element));
    this.place();
  }

  /**
   * @param {number} index
   * @param {PanelData[]} panels
   * @returns {Group}
   */
  group(index, panels) {
    const { label, low, high } = this.positions.controls[index];
    const pick = (/** @type {number} */ at) => {
      this.positions.set(index, low + at * (high - low));
      this.positions.release();
    };
    const rows = panels.map(({ caption, colour }) => new StripRow(`${label}, ${caption}`, colour, this.nFrames, pick));
    const title = element("span", { class: "label" }, label);
    const stack = element("div", { class: "stack" }, ...rows.map((row) => row.element));
    return { index, rows, element: element("div", { class: "group" }, title, stack) };
  }

  /**
   * A control has moved (`moved`), or the line is free: ask for what is stale, at our pace.
   * @param {Decoder} decoder
   */
  touch(decoder, moved = true) {
    if (moved) this.groups.forEach((group) => this.stale.add(group));
    if (!this.stale.size || this.timer) return;
    const wait = Math.max(0, this.lastMs + PACE_MS / this.groups.length - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (decoder.ready && decoder.idle(CHANNEL)) this.ask(decoder);
    }, wait);
  }

  /** @param {Decoder} decoder */
  ask(decoder) {
    const [group] = this.stale;
    if (!group) return;
    this.stale.delete(group);
    this.asked = [group];
    this.lastMs = performance.now();
    const usable = this.bases.map((_, codec) => codec).filter((codec) => !this.refused.has(codec));
    const parts = usable.map((codec) => ({ codec, rows: this.nFrames, codes: this.codes(group, codec) }));
    if (parts.length) decoder.decode(parts, { channel: CHANNEL });
  }

  /**
   * @param {Group} group
   * @param {number} codec
   */
  codes({ index }, codec) {
    const basis = this.bases[codec];
    const { low, high } = this.positions.controls[index];
    const values = [...this.positions.values];
    const codes = new Float32Array(this.nFrames * basis.latentDim);
    for (let frame = 0; frame < this.nFrames; frame++) {
      values[index] = low + (frame / (this.nFrames - 1)) * (high - low);
      basis.code(values, codes.subarray(frame * basis.latentDim, (frame + 1) * basis.latentDim));
    }
    return codes;
  }

  /**
   * @param {{parts: AnswerPart[]}} answer
   * @param {Prepared[]} prepared
   * @param {Panel[]} panels
   */
  paint({ parts }, prepared, panels) {
    const group = this.asked.shift();
    if (!group) return;
    parts.forEach((part, i) => {
      const { painter } = panels[part.codec];
      if (painter) group.rows[part.codec].paint(painter, part, prepared[i]);
    });
  }

  place() {
    for (const { index, rows } of this.groups) {
      const { low, high } = this.positions.controls[index];
      const at = (this.positions.values[index] - low) / (high - low);
      for (const row of rows) row.place(at);
    }
  }

  close() {
    clearTimeout(this.timer);
  }
}
