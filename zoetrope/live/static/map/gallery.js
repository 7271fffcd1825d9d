// Pictures of the group under the map, linked both ways: pointing at one shows its place.

import { element } from "../page/dom.js";
import { tile } from "./card.js";

const PAGE = 48;
const HINT = "Draw round items with the lasso: their pictures appear here.";

export class Gallery {
  constructor(onPick, onPoint, onClear) {
    this.onPick = onPick;
    this.onPoint = onPoint;
    this.strip = element("div", { class: "zmap-gallery-strip" });
    this.more = element("button", { type: "button", class: "zmap-more", hidden: "" }, "more");
    this.more.addEventListener("click", () => this.add());
    this.hint = element("span", {}, HINT);
    this.clear = element("button", { type: "button", class: "zmap-clear", hidden: "" }, "clear");
    this.clear.addEventListener("click", () => onClear());
    const head = element("div", { class: "zmap-hint" }, this.hint, this.clear);
    this.root = element("div", { class: "zmap-gallery" }, head, this.strip, this.more);
    this.items = [];
  }

  // group: Uint8Array or null; the pictures shown are spread evenly over the group.
  show(group, pictures, token) {
    const all = [];
    if (group) for (let i = 0; i < group.length; i += 1) if (group[i]) all.push(i);
    this.items = spread(all);
    this.pictures = pictures;
    this.token = token;
    this.shown = 0;
    this.strip.replaceChildren();
    this.hint.textContent = all.length ? `${all.length.toLocaleString("en")} items in the group` : HINT;
    this.clear.hidden = !all.length;
    this.more.hidden = true;
    if (all.length && pictures) this.add();
  }

  async add() {
    const { items, pictures } = this;
    const part = items.slice(this.shown, this.shown + PAGE);
    this.shown += part.length;
    const images = await pictures.load(part, this.token());
    if (items !== this.items) return; // another group since
    this.strip.append(...part.map((item, i) => tile(item, images[i], this.onPick, this.onPoint)));
    this.more.hidden = this.shown >= items.length;
  }

  highlight(item) {
    this.strip.querySelector(".zmap-tile-on")?.classList.remove("zmap-tile-on");
    this.strip.querySelector(`[data-item="${item}"]`)?.classList.add("zmap-tile-on");
  }
}

// An order in which any beginning of the list is spread over the whole of it.
function spread(all) {
  const step = Math.max(1, Math.floor(all.length / PAGE));
  const ordered = [];
  for (let first = 0; first < step; first += 1) {
    for (let i = first; i < all.length; i += step) ordered.push(all[i]);
  }
  return ordered;
}
