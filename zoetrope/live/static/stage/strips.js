// Rows of small pictures under the stage: what lies around the positions along chosen controls.

import { element } from "../page/dom.js";
import { StripRow } from "./panels.js";

const CHANNEL = 1;
// Strips follow a moving control at this pace, so that the large pictures keep the server's time.
const PACE_MS = 120;

export class Strips {
  /** `data`: what the page gave; `bases`: one per panel. */
  constructor(area, data, positions, bases) {
    const { strip, panels } = data;
    this.positions = positions;
    this.bases = bases;
    this.nFrames = strip?.n_frames ?? 0;
    this.refused = new Set();
    this.groups = (strip?.along ?? []).map((id) => this.group(positions.index(id), panels));
    this.stale = new Set();
    this.asked = []; // groups in the order of the requests under way
    this.lastMs = 0;
    area.replaceChildren(...this.groups.map((group) => group.element));
    this.place();
  }

  group(index, panels) {
    const { label, low, high } = this.positions.controls[index];
    const pick = (at) => {
      this.positions.set(index, low + at * (high - low));
      this.positions.release();
    };
    const rows = panels.map(({ caption, colour }) => new StripRow(`${label}, ${caption}`, colour, this.nFrames, pick));
    const title = element("span", { class: "label" }, label);
    const stack = element("div", { class: "stack" }, ...rows.map((row) => row.element));
    return { index, rows, element: element("div", { class: "group" }, title, stack) };
  }

  /** A control has moved (`moved`), or the line is free: ask for what is stale, at our pace. */
  touch(decoder, moved = true) {
    if (moved) this.groups.forEach((group) => this.stale.add(group));
    if (!this.stale.size || this.timer) return;
    const wait = Math.max(0, this.lastMs + PACE_MS / this.groups.length - performance.now());
    this.timer = setTimeout(() => {
      this.timer = null;
      if (decoder.ready && decoder.idle(CHANNEL)) this.ask(decoder);
    }, wait);
  }

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

  paint({ parts }, prepared, panels) {
    const group = this.asked.shift();
    if (!group) return;
    parts.forEach((part, i) => group.rows[part.codec].paint(panels[part.codec].painter, part, prepared[i]));
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
