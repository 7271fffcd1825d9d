// The latency meter: the smallest text of the page, and where the milliseconds went.

import { element } from "../page/dom.js";

const KEPT = 120;
const REFRESH_MS = 500;

export class Meter {
  constructor() {
    this.element = element("span", { class: "meter" });
    /** @type {number[]} */
    this.latencies = [];
    /** @type {number[]} */
    this.painted = [];
    this.shown = 0;
  }

  /**
   * @param {number} latencyMs
   * @param {Record<string, number>} stages ms by name; their sum is the time from the input to the picture
   */
  add(latencyMs, stages) {
    const now = performance.now();
    this.latencies.push(latencyMs);
    this.painted.push(now);
    if (this.latencies.length > KEPT) this.latencies.shift();
    while (this.painted[0] < now - 1000) this.painted.shift();
    if (now - this.shown < REFRESH_MS) return;
    this.shown = now;
    const sorted = [...this.latencies].sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1];
    const plural = this.painted.length === 1 ? "" : "s";
    this.element.textContent = `${median.toFixed(0)} ms · ${this.painted.length} picture${plural}/s`;
    this.element.title = Object.entries(stages)
      .map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`)
      .join(" · ");
  }
}
