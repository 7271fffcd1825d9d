// What is pointed at, an item or a place of the map, and what is pinned: the card shows it, marks
// follow it on the plot.

/** @import { ItemCard } from "./item_card.js" */
/** @import { MapFrame } from "./frame.js" */
/** @import { Plot } from "./plot.js" */
/** @import { Spot } from "./place.js" */
/** @import { Sources } from "./sources.js" */

export class Pointed {
  /**
   * @param {MapFrame} frame
   * @param {Plot} plot
   * @param {ItemCard} card
   * @param {Sources} sources
   * @param {object} on
   * @param {(item: number) => void} on.item pointed at by hand
   * @param {(item: number) => void} on.draw called in the frame in which it is painted
   */
  constructor(frame, plot, card, sources, on) {
    this.frame = frame;
    this.plot = plot;
    this.card = card;
    this.sources = sources;
    this.on = on;
    /** @type {number | null} */
    this.pinned = null;
    this.isOverPlace = false;
    /** @type {Spot | null} the place pointed at, while its code may still be on its way */
    this.wanted = null;
    /** @type {number | null} */
    this.drawing = null;
  }

  /** The item pointed at, or nearest to the place pointed at. */
  get item() {
    return this.card.item;
  }

  close() {
    this.card.empty();
    if (this.drawing !== null) cancelAnimationFrame(this.drawing);
  }

  /** There are other items: nothing is pointed at any more. */
  forget() {
    this.pinned = this.wanted = null;
    delete this.frame.root.dataset.item;
    this.frame.hideMarks();
    this.card.empty();
  }

  /** The map has other points: the place is another, and the item nearest to it is shown. */
  forgetPlace() {
    if (this.card.spot && this.item !== null) this.show(this.item);
  }

  /** There is another codec: what is shown of an item is made anew. */
  again() {
    this.card.forgetDecoded();
    if (this.pinned !== null) this.showPinned();
    else if (this.item !== null) this.show(this.item);
  }

  /**
   * The hand points at an item; the other maps hear of it.
   * @param {number | null} item
   */
  pointAt(item, stamp = performance.now()) {
    if (item === null || item === this.item) return;
    this.show(item, stamp);
    this.on.item(item);
  }

  /** @param {number} item */
  show(item, stamp = performance.now()) {
    if (!this.plot.points || item >= this.plot.points.n) return;
    this.wanted = null;
    this.card.showItem(item, stamp);
    this.drawSoon();
  }

  /**
   * The hand points at a place.
   * @param {Spot} spot
   * @param {number} stamp
   */
  async pointAtPlace(spot, stamp) {
    const { place, codes, plot } = this.sources;
    this.wanted = spot;
    this.isOverPlace = true;
    if (!place || !plot.points) return;
    if (!place.codeAt(spot)) {
      try {
        await codes?.load(place.items(spot));
      } catch (error) {
        this.card.sayError(error);
        return;
      }
    }
    const code = place.codeAt(spot);
    if (!code || this.wanted !== spot || !plot.points) return;
    const [nearest] = plot.points.index.nearest(spot[0], spot[1], 1).items;
    const isOther = nearest !== this.item;
    this.card.showPlace(spot, nearest, code, stamp);
    this.drawSoon();
    if (isOther) this.on.item(nearest);
  }

  /** The hand has left the map: only what is pinned stays. */
  leave() {
    this.isOverPlace = false;
    this.frame.mark("spot", null);
    if (this.pinned !== null) this.show(this.pinned);
  }

  /** @param {number} item pinned until it is pinned again, or another is */
  pin(item) {
    this.pinned = this.pinned === item ? null : item;
    this.frame.mark("pin", this.plot.pixelsOf(this.pinned));
    this.showPinned();
  }

  showPinned() {
    if (this.pinned !== null) this.show(this.pinned);
    this.card.showNeighboursOf(this.pinned);
  }

  /** The view has moved: the marks follow. */
  placeMarks() {
    this.frame.mark("ring", this.plot.pixelsOf(this.item));
    this.frame.mark("pin", this.plot.pixelsOf(this.pinned));
  }

  // Marks and titles wait for the frame they are painted in: until then the processor is the
  // server's, and the answer often comes in time for the same frame.
  drawSoon() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      const { item, plot, frame } = this;
      const { spot } = this.card;
      if (item === null || !plot.points || item >= plot.points.n) return;
      frame.mark("spot", spot && this.isOverPlace && plot.isFlat ? plot.toPixels(...spot) : null);
      frame.mark("ring", plot.pixelsOf(item));
      frame.root.dataset.item = String(item);
      this.card.draw();
      if (!spot) this.on.draw(item);
    });
  }
}
