// Types of what is not ours: Streamlit's components (v2) and the few calls of plotly.js.
// Read by the type check alone; browsers never ask for it.

/** What Streamlit passes to a component on every rerun. */
interface StreamlitComponent<Data> {
  data: Data;
  /** A shadow root where the component's styles are isolated. */
  parentElement: HTMLElement | ShadowRoot;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

interface PlotlyAxis {
  range: [number, number];
  _offset: number;
  _length: number;
  d2p(value: number): number;
  p2d(pixels: number): number;
}

interface PlotlyPoint {
  curveNumber: number;
  pointNumber: number;
}

/** A drawn map of three axes; matrices are 4 x 4, column after column. */
interface PlotlyScene {
  dataScale: number[];
  glplot: {
    canvas: HTMLCanvasElement;
    onrender: (() => void) | null;
    cameraParams: Record<"projection" | "view" | "model", ArrayLike<number>>;
  };
}

interface PlotlyElement extends HTMLElement {
  _fullLayout: { xaxis: PlotlyAxis; yaxis: PlotlyAxis; scene?: { _scene: PlotlyScene } };
  on(name: string, listener: (event: { points: PlotlyPoint[] }) => void): void;
}

interface Plotly {
  react(element: HTMLElement, traces: object[], layout: object, config: object): Promise<unknown>;
  relayout(element: HTMLElement, changes: object): Promise<unknown>;
  purge(element: HTMLElement): void;
}

interface Window {
  Plotly?: Plotly;
}
