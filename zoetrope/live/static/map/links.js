// Maps on one page that show the same items tell each other what is pointed at, and the group.

/** @typedef {{ item: number }} PointedNews */
/** @typedef {{ group: Uint8Array | null, revision: string }} GroupNews */
/** @typedef {PointedNews | GroupNews} News */

const links = new EventTarget();

export class Link {
  /** @param {(news: News) => void} onNews of other maps of the same items */
  constructor(onNews) {
    this.items = "";
    /** @param {Event} event */
    this.listener = (event) => {
      const { from, items, news } = /** @type {CustomEvent} */ (event).detail;
      if (from !== this && items === this.items) onNews(news);
    };
    links.addEventListener("news", this.listener);
  }

  /** @param {News} news */
  tell(news) {
    const detail = { from: this, items: this.items, news };
    links.dispatchEvent(new CustomEvent("news", { detail }));
  }

  close() {
    links.removeEventListener("news", this.listener);
  }
}
