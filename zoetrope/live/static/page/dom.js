// Small helpers to build elements.

/**
 * element("div", {class: "x", "aria-label": "y"}, child, "text", ...)
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | null | undefined>} attributes left out where null
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/** @typedef {"play" | "pause" | "pingPong" | "loop" | "reset" | "random" | "smooth"} Icon */

/**
 * A button with a line icon and a name for screen readers and as tooltip.
 * @param {string} name
 * @param {Icon} icon
 * @param {(event: MouseEvent) => void} onClick
 */
export function iconButton(name, icon, onClick) {
  const button = element("button", { type: "button", class: "icon", "aria-label": name, title: name });
  setIcon(button, icon);
  button.addEventListener("click", onClick);
  return button;
}

/**
 * @param {HTMLButtonElement} button
 * @param {Icon} icon
 */
export function setIcon(button, icon) {
  button.innerHTML = `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">${ICONS[icon]}</svg>`;
}

const STROKE = 'fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"';
/** @type {Record<Icon, string>} */
const ICONS = {
  play: '<path d="M4.5 2.8v10.4L13 8z" fill="currentColor"/>',
  pause: '<path d="M4 3h3v10H4zM9 3h3v10H9z" fill="currentColor"/>',
  pingPong: `<path ${STROKE} d="M2 8h12M4.5 5.5 2 8l2.5 2.5M11.500 5.500 14 8l-2.500 2.500"/>`,
  loop: `<path ${STROKE} d="M13 8a5 5 0 1 1-1.600-3.600M13 2v3h-3"/>`,
  reset: `<path ${STROKE} d="M3 8a5 5 0 1 0 1.600-3.600M3 2v3h3"/>`,
  smooth: `<path ${STROKE} d="M2.500 13.500v-3.500h3.500v-3.500h3.500v-3.500h4"/><path ${STROKE} stroke-dasharray="1.500 2.500" d="M5 14C8 13.500 12.500 10 13.500 6.500"/>`,
  random: `<rect x="2.500" y="2.500" width="11" height="11" rx="2.500" ${STROKE}/><g fill="currentColor"><circle cx="5.600" cy="5.600" r="1.100"/><circle cx="10.400" cy="10.400" r="1.100"/><circle cx="8" cy="8" r="1.100"/></g>`,
};

/**
 * Whether an address is on this machine.
 * @param {string} address
 */
export function isLocal(address) {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(address).hostname);
}
