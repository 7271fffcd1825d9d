// The home page's slider: which of the pictures that lie side by side is in sight.

/** @param {StreamlitComponent<{ strip: string, n: number }>} component */
export default function ({ parentElement, data }) {
  const picture = /** @type {HTMLElement | null} */ (parentElement.querySelector(".picture"));
  const slider = parentElement.querySelector("input");
  if (!picture || !slider) return;
  const show = () => {
    picture.style.backgroundPosition = `${(100 * Number(slider.value)) / (data.n - 1)}% 0`;
    slider.setAttribute("aria-valuetext", `${Math.round((100 * Number(slider.value)) / (data.n - 1))} %`);
  };
  picture.style.backgroundImage = `url(${data.strip})`;
  picture.style.backgroundSize = `${100 * data.n}% 100%`;
  slider.max = String(data.n - 1);
  slider.oninput = show;
  show();
}
