// Brings a part of the page into view, once for each time that the server asks for it.

/**
 * @typedef {object} InViewData
 * @property {string} target key of the container to be seen
 * @property {number} asked how often it was asked for in this session
 * @typedef {StreamlitComponent<InViewData>} Component
 */

/** @type {Map<string, number>} what was done already in this tab */
const done = new Map();

/** @param {Component} component */
export function mount({ data: { target, asked } }) {
  if (asked <= (done.get(target) ?? 0)) return;
  done.set(target, asked);
  document.querySelector(`.st-key-${CSS.escape(target)}`)?.scrollIntoView({ block: "start" });
}
