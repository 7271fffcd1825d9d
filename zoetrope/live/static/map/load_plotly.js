// plotly.js, fetched once a page from the installed package.

/** @type {Promise<Plotly> | null} */
let loading = null;

/** @param {string} path */
export function loadPlotly(path) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(path, document.baseURI).href;
    const fail = () => {
      loading = null;
      reject(new Error("plotly.js could not be loaded: reload the page."));
    };
    script.addEventListener("load", () => (window.Plotly ? resolve(window.Plotly) : fail()));
    script.addEventListener("error", fail);
    document.head.append(script);
  });
  return loading;
}
