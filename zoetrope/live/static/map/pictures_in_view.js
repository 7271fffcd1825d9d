// Pictures of the items in view, over their points, when few enough are.

/** @import { Plot } from "./plot.js" */
/** @import { Box, PointIndex } from "./point_index.js" */
/** @import { Overlay } from "./overlay.js" */
/** @import { ItemPictures } from "./item_pictures.js" */
/** @import { Look } from "./overlay.js" */

const MOST_IN_VIEW = 160;
const MOST_CELLS = 60_000;
const FETCHED_PX = 48;
const SHOWN_PX = 34;

/**
 * Draws them; resolves to their number, 0 where they are too many.
 * @param {Plot} plot
 * @param {ItemPictures} pictures
 * @param {Overlay} overlay
 * @param {(item: number) => Look} look how an item's picture is drawn
 */
export async function showPicturesInView(plot, pictures, overlay, look) {
  const items = plot.points ? inView(plot.points.index, plot.view()) : [];
  if (!items.length) return 0; // what lies over the map now may stay
  const { points } = plot;
  const images = await pictures.load(items, FETCHED_PX);
  if (points !== plot.points) return 0; // other points by now
  const placed = items.flatMap((item, i) => {
    const pixels = plot.pixelsOf(item);
    return pixels ? [{ image: images[i], px: pixels[0], py: pixels[1], look: look(item) }] : [];
  });
  placed.sort((a, b) => Number(b.look.isFaint) - Number(a.look.isFaint)); // the others on top
  await overlay.drawPictures(placed, SHOWN_PX);
  return items.length;
}

/**
 * Items in view; none where they are too many to be shown as pictures.
 * @param {PointIndex} index
 * @param {Box} view
 */
function inView(index, view) {
  /** @type {number[]} */
  const items = [];
  const columns = index.column(view.x1) - index.column(view.x0) + 1;
  const rows = index.row(view.y1) - index.row(view.y0) + 1;
  if (columns * rows > MOST_CELLS) return items; // far out: do not even look
  index.eachInBox(view, (item) => {
    if (items.length <= MOST_IN_VIEW) items.push(item);
  });
  return items.length <= MOST_IN_VIEW ? items : [];
}
