// What is painted on the ground, worked out once from the lanes: surfaces, the lines between lanes, stop lines, zebras
// and arrows. Only geometry here; paint.ts draws it.
import type { MapLane, RoadMap, XY } from "./area.ts";

export type Surface = "road" | "walk" | "cycle" | "shoulder";
export type Line = "edge" | "dash" | "centre";

export interface Ground {
  surfaces: { kind: Surface; ring: XY[] }[];
  lines: { kind: Line; points: XY[] }[];
  stops: { signal: number; from: XY; to: XY }[];
  zebras: XY[][]; // each stripe a ring
  arrows: { at: XY; heading: number; turns: string[] }[];
  scenery: { kind: string; name: string; points: XY[] }[];
  signals: Map<number, { x: number; y: number; heading: number }>;
  box: Box;
}

export type Box = [x0: number, y0: number, x1: number, y1: number];

interface Lane {
  kind: string;
  width: number;
  points: XY[];
  turn: string;
}

/** Works out the ground of a road. Lanes with fewer than two different points are passed over. */
export function groundOf(road: RoadMap): Ground {
  const lanes = (road.lanes ?? []).flatMap(clean);
  const index = new Index(lanes);
  const out: Ground = {
    surfaces: [],
    lines: [],
    stops: [],
    zebras: [],
    arrows: [],
    scenery: (road.scenery ?? []).flatMap((s) => (s.points?.length > 2 ? [{ kind: s.kind, name: s.name ?? "", points: s.points }] : [])),
    signals: new Map((road.signals ?? []).map((s) => [s.id, s])),
    box: [Infinity, Infinity, -Infinity, -Infinity],
  };
  lanes.forEach((l, i) => {
    const kind = surface[l.kind];
    if (kind) {
      // Ways through a junction are drawn wider, so that no islands of grass are left between them.
      const half = l.width / 2 + (l.kind === "junction" ? 0.3 : 0);
      const ring = [...offset(l.points, half), ...offset(l.points, -half).reverse()];
      out.surfaces.push({ kind, ring });
      grow(out.box, ring);
    }
    if (l.kind === "crossing") out.zebras.push(...zebra(l.points, l.width));
    if (l.kind === "drive") {
      edges(lanes, i, 1, index, out);
      edges(lanes, i, -1, index, out);
      arrow(lanes, i, index, out);
    }
  });
  for (const c of road.crossings ?? []) {
    if (c.length > 3) out.zebras.push(...zebra(...middleOf(c)));
    else if (c.length > 1) out.zebras.push(...zebra(c, 4));
  }
  for (const s of road.signals ?? []) {
    const n: XY = [-Math.sin(s.heading), Math.cos(s.heading)];
    const at: XY = [s.x - Math.cos(s.heading) * 0.4, s.y - Math.sin(s.heading) * 0.4];
    const w = (index.widthAt([s.x, s.y]) ?? 3.2) / 2 - 0.15;
    out.stops.push({ signal: s.id, from: [at[0] + n[0] * w, at[1] + n[1] * w], to: [at[0] - n[0] * w, at[1] - n[1] * w] });
  }
  return out;
}

const surface: Record<string, Surface | undefined> = {
  drive: "road",
  junction: "road",
  walk: "walk",
  cycle: "cycle",
  shoulder: "shoulder",
};

function clean(l: MapLane): Lane[] {
  const points = (l.points ?? []).filter((p, i, list) => {
    const q = list[i - 1];
    return Number.isFinite(p[0]) && Number.isFinite(p[1]) && (!q || Math.hypot(p[0] - q[0], p[1] - q[1]) > 0.01);
  });
  return points.length < 2 ? [] : [{ kind: l.kind, width: l.width > 0 ? l.width : 3.2, points, turn: l.turn ?? "" }];
}

function grow(box: Box, ring: XY[]): void {
  for (const [x, y] of ring) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
}

/** A line beside another, d to its left; corners are mitred, sharp ones cut. */
export function offset(points: readonly XY[], d: number): XY[] {
  return points.map((p, i) => {
    const a = points[i - 1] ?? p;
    const b = points[i + 1] ?? p;
    const u = unit(a, p === a ? b : p);
    const v = unit(p === b ? a : p, b);
    const n: XY = [-(u[1] + v[1]), u[0] + v[0]];
    const size = Math.hypot(n[0], n[1]);
    if (size < 0.2) return [p[0] - u[1] * d, p[1] + u[0] * d];
    const reach = (d * 2) / (size * size); // 1 / cos of half the angle, along the halved direction
    const far = Math.min(Math.abs(reach) * size, Math.abs(d) * 2) / size;
    return [p[0] + n[0] * Math.sign(d) * far, p[1] + n[1] * Math.sign(d) * far];
  });
}

function unit(a: XY, b: XY): XY {
  const l = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  return [(b[0] - a[0]) / l, (b[1] - a[1]) / l];
}

/** Points every step metres along a line, its ends among them, with the direction at each. */
export function walk(points: readonly XY[], step: number): { at: XY; dir: XY }[] {
  const out: { at: XY; dir: XY }[] = [];
  for (let i = 0; i + 1 < points.length; i++) {
    const a = points[i]!;
    const b = points[i + 1]!;
    const n = Math.max(1, Math.round(Math.hypot(b[0] - a[0], b[1] - a[1]) / step));
    const dir = unit(a, b);
    for (let k = i === 0 ? 0 : 1; k <= n; k++) out.push({ at: [a[0] + ((b[0] - a[0]) * k) / n, a[1] + ((b[1] - a[1]) * k) / n], dir });
  }
  return out;
}

/** What the edge of lane i on one side is: nothing where the road goes on as a junction, else the line that parts it
    from its neighbour. A line between two lanes is drawn by one of them. */
function edges(lanes: Lane[], i: number, side: 1 | -1, index: Index, out: Ground): void {
  const lane = lanes[i]!;
  let run: XY[] = [];
  let kind: Line | undefined;
  const end = () => {
    if (kind && run.length > 1) out.lines.push({ kind, points: run });
    run = [];
  };
  for (const { at, dir } of walk(lane.points, 2)) {
    const n: XY = [-dir[1] * side, dir[0] * side];
    const edge: XY = [at[0] + (n[0] * lane.width) / 2, at[1] + (n[1] * lane.width) / 2];
    const beside: XY = [edge[0] + n[0] * 0.6, edge[1] + n[1] * 0.6];
    const is = index.beside(beside, dir, i);
    let next: Line | undefined;
    if (is === undefined) next = "edge";
    else if (is.kind === "same") next = side === 1 ? "dash" : undefined;
    else if (is.kind === "facing") next = i < is.lane ? "centre" : undefined;
    const inset = next === "edge" ? 0.18 : 0;
    const point: XY = [edge[0] - n[0] * inset, edge[1] - n[1] * inset];
    if (next !== kind) {
      if (kind && next) run.push(point);
      end();
      kind = next;
    }
    if (kind) run.push(point);
  }
  end();
}

/** The arrow at the end of a lane that goes on in more ways than one, or turns. */
function arrow(lanes: Lane[], i: number, index: Index, out: Ground): void {
  const lane = lanes[i]!;
  const end = lane.points.at(-1)!;
  const turns = [...new Set(index.startingAt(end).map((l) => l.turn))].filter((t) => t !== "");
  if (turns.length === 0 || (turns.length === 1 && turns[0] === "straight")) return;
  const back = fromEnd(lane.points, 9);
  if (back) out.arrows.push({ ...back, turns });
}

function fromEnd(points: XY[], metres: number): { at: XY; heading: number } | undefined {
  let left = metres;
  for (let i = points.length - 1; i > 0; i--) {
    const b = points[i]!;
    const a = points[i - 1]!;
    const l = Math.hypot(b[0] - a[0], b[1] - a[1]);
    if (l >= left) {
      const u = unit(a, b);
      return { at: [b[0] - u[0] * left, b[1] - u[1] * left], heading: Math.atan2(u[1], u[0]) };
    }
    left -= l;
  }
  return undefined;
}

/** The stripes of a crossing whose middle runs along points: bars that lie along the road, across the walk. */
function zebra(points: readonly XY[], width: number): XY[][] {
  const out: XY[][] = [];
  const bar = 0.45;
  const half = width / 2 - 0.2;
  let along = 0.4;
  for (let i = 0; i + 1 < points.length; i++) {
    const a = points[i]!;
    const b = points[i + 1]!;
    const u = unit(a, b);
    const l = Math.hypot(b[0] - a[0], b[1] - a[1]);
    for (; along + bar < l; along += 2 * bar) {
      const p = (s: number, d: number): XY => [a[0] + u[0] * s - u[1] * d, a[1] + u[1] * s + u[0] * d];
      out.push([p(along, half), p(along + bar, half), p(along + bar, -half), p(along, -half)]);
    }
    along = Math.max(0, along - l);
  }
  return out;
}

/** The middle line and width of a four-cornered crossing: people walk across its longer sides' direction. */
function middleOf(ring: XY[]): [XY[], number] {
  const open = ring.length > 4 && same(ring[0]!, ring.at(-1)!) ? ring.slice(0, -1) : ring;
  if (open.length !== 4) {
    const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
    grow(box, open);
    const y = (box[1] + box[3]) / 2;
    return [[[box[0], y], [box[2], y]], box[3] - box[1]];
  }
  const [a, b, c, d] = open as [XY, XY, XY, XY];
  const mid = (p: XY, q: XY): XY => [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
  const ab = Math.hypot(a[0] - b[0], a[1] - b[1]);
  const bc = Math.hypot(b[0] - c[0], b[1] - c[1]);
  return ab >= bc ? [[mid(a, d), mid(b, c)], bc] : [[mid(a, b), mid(c, d)], ab];
}

const same = (a: XY, b: XY): boolean => Math.abs(a[0] - b[0]) < 0.01 && Math.abs(a[1] - b[1]) < 0.01;

const cell = 16; // m

/** The pieces of lanes by where they are. */
class Index {
  readonly #cells = new Map<number, { lane: number; a: XY; b: XY }[]>();
  readonly #starts = new Map<number, Lane[]>();

  constructor(readonly lanes: Lane[]) {
    lanes.forEach((l, lane) => {
      if (l.kind === "junction") {
        const p = l.points[0]!;
        const key = code(p[0] / cell, p[1] / cell);
        this.#starts.set(key, [...(this.#starts.get(key) ?? []), l]);
      }
      if (surface[l.kind] === undefined) return;
      const reach = l.width / 2 + 0.8;
      for (let i = 0; i + 1 < l.points.length; i++) {
        const a = l.points[i]!;
        const b = l.points[i + 1]!;
        const x1 = Math.floor((Math.max(a[0], b[0]) + reach) / cell);
        const y1 = Math.floor((Math.max(a[1], b[1]) + reach) / cell);
        for (let x = Math.floor((Math.min(a[0], b[0]) - reach) / cell); x <= x1; x++) {
          for (let y = Math.floor((Math.min(a[1], b[1]) - reach) / cell); y <= y1; y++) {
            const key = code(x, y);
            const list = this.#cells.get(key);
            if (list) list.push({ lane, a, b });
            else this.#cells.set(key, [{ lane, a, b }]);
          }
        }
      }
    });
  }

  /** What road for vehicles lies at p, beside lane own which goes along dir there; undefined: none. */
  beside(p: XY, dir: XY, own: number): { kind: "same" | "facing" | "open"; lane: number } | undefined {
    let found: { kind: "same" | "facing" | "open"; lane: number } | undefined;
    for (const { lane, a, b } of this.#cells.get(code(p[0] / cell, p[1] / cell)) ?? []) {
      if (lane === own) continue;
      const l = this.lanes[lane]!;
      if (l.kind !== "drive" && l.kind !== "junction") continue;
      if (apart(p, a, b) > l.width / 2) continue;
      if (l.kind === "junction") return { kind: "open", lane };
      const u = unit(a, b);
      const with_ = u[0] * dir[0] + u[1] * dir[1];
      found = { kind: with_ > 0.5 ? "same" : with_ < -0.5 ? "facing" : "open", lane };
    }
    return found;
  }

  widthAt(p: XY): number | undefined {
    let best: { d: number; width: number } | undefined;
    for (const { lane, a, b } of this.#cells.get(code(p[0] / cell, p[1] / cell)) ?? []) {
      const l = this.lanes[lane]!;
      const d = apart(p, a, b);
      if (l.kind === "drive" && d <= l.width / 2 && (!best || d < best.d)) best = { d, width: l.width };
    }
    return best?.width;
  }

  startingAt(p: XY): Lane[] {
    const out: Lane[] = [];
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (const l of this.#starts.get(code(p[0] / cell + dx, p[1] / cell + dy)) ?? []) {
          const q = l.points[0]!;
          if (Math.hypot(p[0] - q[0], p[1] - q[1]) < 0.6) out.push(l);
        }
      }
    }
    return out;
  }
}

const code = (x: number, y: number): number => (Math.floor(x) + 50_000) * 100_003 + Math.floor(y) + 50_000;

/** How far p is from the piece of line from a to b. */
export function apart(p: XY, a: XY, b: XY): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const l = dx * dx + dy * dy;
  const k = l === 0 ? 0 : Math.max(0, Math.min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / l));
  return Math.hypot(p[0] - a[0] - dx * k, p[1] - a[1] - dy * k);
}
