// The line chart, apart so that it is fetched when the first chart is looked at.
import uPlot from "uplot";

export interface Lines {
  xs: number[];
  ys: (number | null)[][]; // [value] or [value, low, high]
}

export interface Look {
  unit: string;
  stepped: boolean;
  format: (n: number) => string;
  time: (ms: number, shown: number) => string; // shown is how much time the picture spans
  hover: (at: { x: number; y: number } | undefined) => void;
}

export interface Drawn {
  set: (l: Lines, from: number, to: number) => void;
  end: () => void;
}

/** Draws lines into box and returns how to change and how to end it. */
export function plot(box: HTMLElement, look: Look): Drawn {
  const css = getComputedStyle(box);
  const colour = (name: string) => css.getPropertyValue(name).trim();
  const font = `${Math.round(parseFloat(css.fontSize) * 0.82)}px ${css.fontFamily}`;
  const axis = {
    stroke: colour("--ink-soft"),
    font,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const paths = look.stepped ? uPlot.paths.stepped?.({ align: 1 }) : uPlot.paths.linear?.();
  const height = () => Math.max(180, Math.min(320, box.clientWidth * 0.5));
  let range: [number, number] = [0, 1];
  const chart = new uPlot(
    {
      width: box.clientWidth,
      height: height(),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 9 } },
      scales: {
        x: { time: true, range: () => range },
        y: { range: (_u, min, max) => span(min, max) },
      },
      axes: [
        { ...axis, space: 70, size: 32, values: (_u, list) => list.map((s) => look.time(s * 1000, (range[1] - range[0]) * 1000)) },
        { ...axis, size: (_u, list) => 16 + Math.max(0, ...(list ?? []).map((s) => s.length)) * 7.2, values: (_u, list) => list.map(look.format) },
      ],
      series: [
        {},
        { stroke: colour("--plot"), width: 2, ...(paths ? { paths } : {}), points: { show: false }, spanGaps: false },
        { stroke: "transparent", points: { show: false } },
        { stroke: "transparent", points: { show: false } },
      ],
      bands: [{ series: [3, 2], fill: colour("--plot-soft") }],
      hooks: {
        setCursor: [
          (u) => {
            const i = u.cursor.idx;
            const x = i === null || i === undefined ? undefined : u.data[0][i];
            const y = i === null || i === undefined ? undefined : u.data[1]?.[i];
            look.hover(x === undefined || y === undefined || y === null ? undefined : { x: x * 1000, y });
          },
        ],
      },
    },
    [[], [], [], []],
    box,
  );
  const watch = new ResizeObserver(() => {
    if (box.clientWidth > 0) chart.setSize({ width: box.clientWidth, height: height() });
  });
  watch.observe(box);
  return {
    set: ({ xs, ys }, from, to) => {
      range = [from / 1000, to / 1000];
      const none = new Array<null>(xs.length).fill(null);
      chart.setData([xs, ys[0] ?? none, ys[1] ?? none, ys[2] ?? none] as uPlot.AlignedData);
    },
    end: () => {
      watch.disconnect();
      chart.destroy();
    },
  };
}

function span(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  const room = Math.max((max - min) * 0.12, Math.abs(max) * 0.01, 0.5);
  const low = min >= 0 && min - room < 0 ? 0 : min - room;
  return [low, max + room];
}
