// The part of a map that is in sight: taken over from a link, and told when a person has moved it.

/** @import { Plot } from "./plot.js" */
/** @typedef {{ map: string, ranges: number[] }} Part x from, x to, y from, y to */
/** @typedef {Part & { revision: string }} LinkedPart */

// So long it must stay where it is.
const SETTLED_MS = 600;

export class PartInSight {
  /** @type {string | null} which link's part was taken over */
  taken = null;
  isMovedByHand = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  settling;
  told = "";

  /**
   * @param {Plot} plot
   * @param {HTMLElement} root where a person's hand is
   * @param {(part: Part) => void} tell
   */
  constructor(plot, root, tell) {
    this.plot = plot;
    this.tell = tell;
    for (const event of ["pointerdown", "wheel", "keydown"]) {
      root.addEventListener(event, () => (this.isMovedByHand = true), { capture: true, passive: true });
    }
  }

  /**
   * Show the part that a link asks for, once, when its map is drawn.
   * @param {LinkedPart | null} linked
   */
  take(linked) {
    const { plot } = this;
    if (!linked || linked.revision === this.taken || !plot.isFlat) return;
    if (plot.points?.source.key !== linked.map) return;
    this.taken = linked.revision;
    const [x0, x1, y0, y1] = linked.ranges;
    plot.isMoved = true; // it stays when colours change
    plot.plotly?.relayout(plot.element, { "xaxis.range": [x0, x1], "yaxis.range": [y0, y1] });
  }

  /** The view has moved, perhaps not by hand: a window changes its size too. */
  moved() {
    clearTimeout(this.settling);
    if (this.isMovedByHand) this.settling = setTimeout(() => this.settle(), SETTLED_MS);
  }

  settle() {
    const { plot } = this;
    if (!plot.isFlat || !plot.points || !plot.element.isConnected) return;
    const { x0, x1, y0, y1 } = plot.view();
    const part = { map: plot.points.source.key, ranges: [x0, x1, y0, y1] };
    const described = JSON.stringify(part);
    if (described === this.told) return;
    this.told = described;
    this.tell(part);
  }

  close() {
    clearTimeout(this.settling);
  }
}
