// The mouse, pen or finger over the map: where it points, and what it clicks.

/** @import { Pixels } from "./plot.js" */

export class Pointer {
  /**
   * @param {HTMLElement} surface
   * @param {object} on
   * @param {(at: Pixels, keys: { shift: boolean, stamp: number }) => void} on.move
   * @param {(at: Pixels) => void} on.click
   * @param {() => void} on.leave
   */
  constructor(surface, on) {
    this.surface = surface;
    this.on = on;
    this.last = "";
    // Raw updates come at once; ordinary moves wait for the next frame of the screen.
    surface.addEventListener("pointerrawupdate", (event) =>
      this.move(/** @type {PointerEvent} */ (event)),
    );
    surface.addEventListener("pointermove", (event) => this.move(event));
    surface.addEventListener("pointerleave", () => this.leave());
    surface.addEventListener("click", (event) => on.click(this.pixels(event)));
  }

  /** The same place means something else now. */
  forget() {
    this.last = "";
  }

  /** @param {MouseEvent} event */
  move(event) {
    if (event.buttons) return;
    const here = `${event.clientX} ${event.clientY} ${event.shiftKey}`;
    if (here === this.last) return; // the ordinary move after a raw one
    this.last = here;
    this.on.move(this.pixels(event), { shift: event.shiftKey, stamp: event.timeStamp });
  }

  leave() {
    this.last = "";
    this.on.leave();
  }

  /**
   * @param {MouseEvent} event
   * @returns {Pixels}
   */
  pixels(event) {
    const box = this.surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}
