// Presentation mode: the button, and the key "p" wherever nobody is typing.
const listening = new WeakMap();
const TYPING = "input:not([type=range]), textarea, select, [contenteditable=true]";

export default function ({ parentElement, setTriggerValue, data }) {
  const button = parentElement.querySelector("button");
  const toggle = () => setTriggerValue("toggled", true);
  button.setAttribute("aria-pressed", String(data.presenting));
  button.title = data.presenting ? "Leave presentation (p)" : "Present: stage and hand alone (p)";
  button.setAttribute("aria-label", button.title);
  button.onclick = toggle;

  const onKey = (event) => {
    if (event.key !== "p" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = event.composedPath()[0];
    if (target instanceof Element && target.matches(TYPING)) return;
    toggle();
  };
  // Called again whenever the data change: one listener, not one more.
  document.removeEventListener("keydown", listening.get(parentElement));
  listening.set(parentElement, onKey);
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
