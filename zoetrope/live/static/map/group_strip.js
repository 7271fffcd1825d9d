// Pictures of the group under the map, linked both ways: pointing at one shows its place.

/** @import { ItemPictures } from "./item_pictures.js" */
/** @import { TileActions } from "./item_tile.js" */

import { element } from "../page/dom.js";
import { itemTile } from "./item_tile.js";

const PAGE = 48;
const HINT = "Draw round items with the lasso: their pictures appear here.";

export class GroupStrip {
  /**
   * @param {TileActions} actions
   * @param {() => void} onClear
   * @param {(text: string) => void} say
   */
  constructor(actions, onClear, say) {
    this.actions = actions;
    this.say = say;
    this.strip = element("div", { class: "zmap-group-strip" });
    this.more = element("button", { type: "button", class: "zmap-more", hidden: "" }, "more");
    this.more.addEventListener("click", () => this.add());
    this.hint = element("span", {}, HINT);
    this.clear = element("button", { type: "button", class: "zmap-clear", hidden: "" }, "clear");
    this.clear.addEventListener("click", () => onClear());
    const head = element("div", { class: "zmap-hint" }, this.hint, this.clear);
    this.root = element("div", { class: "zmap-group" }, head, this.strip, this.more);
    /** @type {number[]} */
    this.items = [];
    this.nShown = 0;
    /** @type {ItemPictures | null} */
    this.pictures = null;
  }

  /**
   * The pictures shown are spread evenly over the group.
   * @param {number[]} group
   * @param {ItemPictures | null} pictures
   */
  show(group, pictures) {
    this.items = spread(group);
    this.pictures = pictures;
    this.nShown = 0;
    this.strip.replaceChildren();
    const n = group.length;
    this.hint.textContent = n ? `${n.toLocaleString("en")} items in the group` : HINT;
    this.clear.hidden = !n;
    this.more.hidden = true;
    if (n) this.add();
  }

  async add() {
    const { items, pictures } = this;
    if (!pictures) return;
    const part = items.slice(this.nShown, this.nShown + PAGE);
    this.nShown += part.length;
    try {
      const images = await pictures.load(part);
      if (items !== this.items) return; // another group since
      this.strip.append(...part.map((item, i) => itemTile(item, images[i], this.actions)));
    } catch (error) {
      this.say(String(error));
    }
    this.more.hidden = this.nShown >= items.length;
  }

  /** @param {number} item */
  highlight(item) {
    this.strip.querySelector(".zmap-tile-on")?.classList.remove("zmap-tile-on");
    this.strip.querySelector(`[data-item="${item}"]`)?.classList.add("zmap-tile-on");
  }
}

/**
 * An order in which any beginning of the list is spread over the whole of it.
 * @param {number[]} all
 */
function spread(all) {
  const step = Math.max(1, Math.floor(all.length / PAGE));
  /** @type {number[]} */
  const ordered = [];
  for (let first = 0; first < step; first += 1) {
    for (let i = first; i < all.length; i += step) ordered.push(all[i]);
  }
  return ordered;
}
