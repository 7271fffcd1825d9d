// Whether small pictures, enlarged, show their pixels or are smoothed: one choice for all pages,
// which the browser remembers. Style sheets read it as `--enlarged`, in components too.

import { iconButton } from "./dom.js";

const REMEMBERED = "zoetrope-smooth";

/** A browser may forbid to remember: then it is the page's alone. */
function recall() {
  try {
    return localStorage.getItem(REMEMBERED) === "1";
  } catch {
    return false;
  }
}

let isSmooth = recall();

function apply() {
  document.documentElement.style.setProperty("--enlarged", isSmooth ? "auto" : "pixelated");
}

/** A button that says whether pictures are smoothed, and changes it. */
export function smoothButton() {
  const button = iconButton("Smooth pictures", "smooth", () => {
    isSmooth = !isSmooth;
    try {
      localStorage.setItem(REMEMBERED, isSmooth ? "1" : "0");
    } catch {
      // it is not remembered
    }
    apply();
    button.setAttribute("aria-pressed", String(isSmooth));
  });
  button.setAttribute("aria-pressed", String(isSmooth));
  return button;
}

apply();
