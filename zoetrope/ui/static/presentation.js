// Presentation mode: the button, the key "p" wherever nobody is typing, and Escape to leave it.
/** @type {WeakMap<HTMLElement | ShadowRoot, (event: KeyboardEvent) => void>} */
const listening = new WeakMap();
const TYPING = "input:not([type=range]), textarea, select, [contenteditable=true]";

/** @param {StreamlitComponent<{ presenting: boolean }>} component */
export default function ({ parentElement, setTriggerValue, data }) {
  const button = parentElement.querySelector("button");
  if (!button) return;
  const toggle = () => setTriggerValue("toggled", true);
  button.setAttribute("aria-pressed", String(data.presenting));
  button.title = data.presenting ? "Leave presentation (p or Escape)" : "Present: stage and sliders alone (p)";
  button.setAttribute("aria-label", button.title);
  button.onclick = toggle;

  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const leaves = event.key === "Escape" && data.presenting && !event.defaultPrevented;
    if (event.key !== "p" && !leaves) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = event.composedPath()[0];
    if (target instanceof Element && target.matches(TYPING)) return;
    toggle();
  };
  // Called again whenever the data change: one listener, not one more.
  const before = listening.get(parentElement);
  if (before) document.removeEventListener("keydown", before);
  listening.set(parentElement, onKey);
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
