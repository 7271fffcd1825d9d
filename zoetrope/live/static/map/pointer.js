// The mouse, pen or finger over the map: where it points, what it clicks, and two fingers' pinch.
//
// A click is a press and a release with no way between. The browser's own `click` says less: of one
// press plotly.js makes an event of its own beside it, or keeps the release to itself.

/** @import { Pixels } from "./plot.js" */

/** A press that stays within so many pixels of where it began is a click, not a drag. */
export const CLICK_PX = 5;

export class Pointer {
  /**
   * @param {HTMLElement} surface
   * @param {object} on
   * @param {(at: Pixels, keys: { shift: boolean, stamp: number }) => void} on.move
   * @param {(at: Pixels) => void} on.click
   * @param {(middle: Pixels, factor: number) => void} on.pinch two fingers are `factor` times as
   *   far apart as before
   * @param {() => void} on.leave
   */
  constructor(surface, on) {
    this.surface = surface;
    this.on = on;
    this.last = "";
    /** Whether a pressed pointer points too: where it drags nothing. */
    this.followsPressed = false;
    this.isClick = false;
    /** @type {Map<number, [number, number]>} where each pointer is that is pressed */
    this.pressed = new Map();
    // Raw updates come at once; ordinary moves wait for the next frame of the screen.
    surface.addEventListener("pointerrawupdate", (event) =>
      this.move(/** @type {PointerEvent} */ (event)),
    );
    surface.addEventListener("pointermove", (event) => this.move(event));
    surface.addEventListener("pointerleave", (event) => this.leave(event));
    surface.addEventListener("pointerdown", (event) => this.press(event));
    surface.addEventListener("touchstart", (event) => this.keepFromPlotly(event), true);
  }

  /** The same place means something else now. */
  forget() {
    this.last = "";
  }

  close() {
    this.listening?.abort();
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (event.buttons && !this.followsPressed) return;
    const here = `${event.clientX} ${event.clientY} ${event.shiftKey}`;
    if (here === this.last) return; // the ordinary move after a raw one
    this.last = here;
    this.on.move(this.pixels(event), { shift: event.shiftKey, stamp: event.timeStamp });
  }

  /** @param {PointerEvent} event */
  press(event) {
    this.isClick = event.button === 0 && this.pressed.size === 0;
    this.pressed.set(event.pointerId, [event.clientX, event.clientY]);
    if (this.pressed.size === 1) this.listen(event.clientX, event.clientY);
    if (this.isClick && this.followsPressed) this.move(event);
  }

  // On the window: plotly.js lays a cover over the page while something is pressed.
  /**
   * @param {number} x where the press begins
   * @param {number} y
   */
  listen(x, y) {
    this.listening?.abort();
    this.listening = new AbortController();
    const options = { capture: true, signal: this.listening.signal };
    const isFar = (/** @type {PointerEvent} */ event) =>
      Math.hypot(event.clientX - x, event.clientY - y) > CLICK_PX;
    const drag = (/** @type {PointerEvent} */ event) => {
      if (isFar(event)) this.isClick = false;
      if (this.pressed.size > 1) this.pinch(event);
      else if (this.followsPressed) this.move(event);
    };
    const release = (/** @type {PointerEvent} */ event) => {
      if (!this.pressed.delete(event.pointerId)) return;
      if (this.pressed.size) return;
      this.listening?.abort();
      if (this.isClick && event.type === "pointerup" && !isFar(event)) this.on.click(this.pixels(event));
    };
    window.addEventListener("pointermove", drag, options);
    window.addEventListener("pointerup", release, options);
    window.addEventListener("pointercancel", release, options);
    window.addEventListener("touchmove", (touch) => this.keepFromPlotly(touch), options);
  }

  /** @param {PointerEvent} event */
  pinch(event) {
    const before = this.pressed.get(event.pointerId);
    if (!before) return;
    const here = /** @type {[number, number]} */ ([event.clientX, event.clientY]);
    const other = [...this.pressed].find(([id]) => id !== event.pointerId);
    this.pressed.set(event.pointerId, here);
    if (!other) return;
    const [, there] = other;
    const box = this.surface.getBoundingClientRect();
    /** @type {Pixels} */
    const middle = [(here[0] + there[0]) / 2 - box.left, (here[1] + there[1]) / 2 - box.top];
    this.on.pinch(middle, distance(here, there) / distance(before, there));
  }

  /**
   * plotly.js pans with one finger and knows no two: the second ends its drag, and is ours.
   * @param {TouchEvent} event
   */
  keepFromPlotly(event) {
    if (event.touches.length < 2) return;
    event.stopPropagation();
    if (event.type !== "touchstart") return;
    event.preventDefault();
    const changedTouches = [event.touches[0]];
    document.dispatchEvent(new TouchEvent("touchend", { changedTouches }));
  }

  /** @param {PointerEvent} event */
  leave(event) {
    this.last = "";
    if (event.pointerType !== "touch") this.on.leave(); // a finger leaves whenever it is lifted
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

/**
 * At least 1, so that two fingers that meet divide nothing by zero.
 * @param {[number, number]} a
 * @param {[number, number]} b
 */
function distance([ax, ay], [bx, by]) {
  return Math.max(1, Math.hypot(ax - bx, ay - by));
}
