// Draws the ground, and what moves on it.
import type { XY } from "./area.ts";
import { type Camera, matrix, meets, seen, toScreen } from "./camera.ts";
import { type Box, type Ground, type Line, type Surface } from "./ground.ts";
import { blend, type Look } from "./look.ts";

type Ctx = CanvasRenderingContext2D;

interface Tile {
  box: Box;
  surfaces: Partial<Record<Surface, Path2D>>;
  lines: Partial<Record<Line, Path2D>>;
  zebras: Path2D;
  scenery: Partial<Record<string, Path2D>>;
  arrows: Path2D;
}

/** The ground in squares, so that only what is in sight is drawn. */
export class Sheet {
  readonly #tiles: Tile[];

  constructor(readonly ground: Ground) {
    const size = 120;
    const tiles = new Map<string, Tile>();
    const at = (points: readonly XY[]): Tile => {
      const box = boxOf(points);
      const key = Math.floor((box[0] + box[2]) / 2 / size) + "," + Math.floor((box[1] + box[3]) / 2 / size);
      let tile = tiles.get(key);
      if (!tile) {
        const none: Box = [Infinity, Infinity, -Infinity, -Infinity];
        tiles.set(key, (tile = { box: none, surfaces: {}, lines: {}, zebras: new Path2D(), scenery: {}, arrows: new Path2D() }));
      }
      tile.box = [Math.min(tile.box[0], box[0]), Math.min(tile.box[1], box[1]), Math.max(tile.box[2], box[2]), Math.max(tile.box[3], box[3])];
      return tile;
    };
    for (const s of ground.surfaces) trace((at(s.ring).surfaces[s.kind] ??= new Path2D()), s.ring, true);
    for (const l of ground.lines) trace((at(l.points).lines[l.kind] ??= new Path2D()), l.points, false);
    for (const z of ground.zebras) trace(at(z).zebras, z, true);
    for (const s of ground.scenery) trace((at(s.points).scenery[s.kind] ??= new Path2D()), s.points, true);
    for (const a of ground.arrows) glyph(at([a.at]).arrows, a.at, a.heading, a.turns);
    this.#tiles = [...tiles.values()];
  }

  /** Houses throw a shadow to the lower right of the screen, whichever way is up. */
  #houses(ctx: Ctx, each: Each, c: Camera, ratio: number, look: Look): void {
    const m = matrix(c, ratio);
    const far = Math.min(7, 1.6 * c.scale) * ratio;
    ctx.setTransform(m[0], m[1], m[2], m[3], m[4] + far, m[5] + far);
    ctx.fillStyle = look.shade;
    each((t) => t.scenery["house"], (p) => ctx.fill(p));
    ctx.setTransform(...m);
    ctx.fillStyle = look.house;
    ctx.strokeStyle = look["house-line"];
    ctx.lineWidth = Math.max(0.35, 1 / c.scale);
    each((t) => t.scenery["house"], (p) => (ctx.fill(p), ctx.stroke(p)));
  }

  draw(ctx: Ctx, c: Camera, width: number, height: number, ratio: number, look: Look): void {
    const view = seen(c, width, height);
    const tiles = this.#tiles.filter((t) => meets(t.box, view));
    const fine = c.scale > 2.2; // px per metre: enough for lines to be seen as lines
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = look.ground;
    ctx.fillRect(0, 0, width * ratio, height * ratio);
    ctx.setTransform(...matrix(c, ratio));
    ctx.lineJoin = "round";
    ctx.lineCap = "butt";
    const each: Each = (pick, f) => {
      for (const t of tiles) {
        const p = pick(t);
        if (p) f(p);
      }
    };
    const surface = (kind: Surface, colour: string, kerb: number) => {
      ctx.fillStyle = colour;
      ctx.strokeStyle = kerb > 0 ? look.kerb : colour;
      ctx.lineWidth = kerb > 0 ? kerb * 2 : 0.3;
      each((t) => t.surfaces[kind], (p) => {
        ctx.stroke(p);
        if (kerb === 0) ctx.fill(p);
      });
    };
    for (const [kind, colour] of [["green", look.park], ["water", look.water]] as const) {
      ctx.fillStyle = colour;
      each((t) => t.scenery[kind], (p) => ctx.fill(p));
    }
    surface("walk", look.walk, 0);
    surface("road", look.asphalt, Math.max(0.45, 1 / c.scale));
    surface("shoulder", look.shoulder, 0);
    surface("road", look.asphalt, 0);
    surface("cycle", look.cycle, 0);
    this.#houses(ctx, each, c, ratio, look);
    ctx.fillStyle = look.line;
    if (c.scale > 1.2) each((t) => t.zebras, (p) => ctx.fill(p));
    if (!fine) return;
    const line = (kind: Line, colour: string, wide: number, dash: number[]) => {
      ctx.strokeStyle = colour;
      ctx.lineWidth = Math.max(wide, 0.9 / c.scale);
      ctx.setLineDash(dash);
      each((t) => t.lines[kind], (p) => ctx.stroke(p));
      ctx.setLineDash([]);
    };
    line("edge", look.line, 0.11, []);
    line("dash", look.line, 0.13, [3, 4.5]);
    line("centre", look.centre, 0.15, []);
    ctx.fillStyle = look.line;
    if (c.scale > 4) each((t) => t.arrows, (p) => ctx.fill(p));
    ctx.strokeStyle = look.line;
    ctx.lineWidth = 0.4;
    for (const s of this.ground.stops) {
      if (meets([s.from[0], s.from[1], s.from[0], s.from[1]], view)) stroke(ctx, [s.from, s.to]);
    }
  }
}

type Each = (pick: (t: Tile) => Path2D | undefined, f: (p: Path2D) => void) => void;

function boxOf(points: readonly XY[]): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

function trace(path: Path2D, points: readonly XY[], close: boolean): void {
  points.forEach(([x, y], i) => (i === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
  if (close) path.closePath();
}

export function stroke(ctx: Ctx, points: readonly XY[]): void {
  ctx.beginPath();
  points.forEach(([x, y], i) => (i === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y)));
  ctx.stroke();
}

/** An arrow painted on the road: a shaft with a head for each way that may be gone. */
function glyph(path: Path2D, at: XY, heading: number, turns: string[]): void {
  const [cos, sin] = [Math.cos(heading), Math.sin(heading)];
  const put = (points: XY[]) => {
    // All run the same way round: pieces that lie on each other must not cancel.
    const area = points.reduce((sum, [x, y], i) => sum + x * points[(i + 1) % points.length]![1] - y * points[(i + 1) % points.length]![0], 0);
    const list = area < 0 ? [...points].reverse() : points;
    trace(path, list.map(([s, d]) => [at[0] + s * cos - d * sin, at[1] + s * sin + d * cos]), true);
  };
  const on = turns.includes("straight") ? 3.4 : 1.6;
  put([[0, 0.09], [on, 0.09], [on, -0.09], [0, -0.09]]);
  if (on > 2) put([[on, 0.36], [on + 1.3, 0], [on, -0.36]]);
  for (const t of turns) {
    const k = t === "right" ? -1 : 1;
    if (t === "left" || t === "right") {
      put([[1.2, 0.05 * k], [1.6, 0.05 * k], [2.1, 0.5 * k], [2.1, 0.9 * k], [1.9, 0.9 * k], [1.9, 0.6 * k]]);
      put([[2.0, 1.5 * k], [1.55, 0.85 * k], [2.45, 0.85 * k]]);
    } else if (t === "back") {
      put([[1.5, 0.05], [1.7, 0.05], [1.7, 0.9], [1.5, 0.9]]);
      put([[1.7, 0.6], [1.7, 1.2], [0.7, 0.9]]);
    }
  }
}

/** Turns the canvas so that what is drawn next stands at a pose, its length along x. */
export function within(ctx: Ctx, x: number, y: number, heading: number, f: () => void): void {
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(heading);
  f();
  ctx.restore();
}

/** The colour of a speed as part of the limit: amber is slow, green is at the limit. */
export function speedColour(part: number, look: Look): string {
  const k = Math.max(0, Math.min(1, part));
  if (k < 0.06) return look.halt;
  return k < 0.5 ? blend(look.slow, look.mid, k * 2) : blend(look.mid, look.fast, k * 2 - 1);
}

/** The way somebody means to go, as a line of dots that fades. */
export function drawRoute(ctx: Ctx, points: readonly XY[], wide: number, look: Look): void {
  ctx.lineCap = "round";
  ctx.lineJoin = "round";
  ctx.strokeStyle = look.plate;
  ctx.lineWidth = wide * 1.7;
  stroke(ctx, points);
  ctx.strokeStyle = look.route;
  ctx.lineWidth = wide;
  stroke(ctx, points);
  ctx.lineCap = "butt";
}

/** A light as a lamp head that stands upright on the screen, with the seconds left. */
export function drawLight(ctx: Ctx, c: Camera, ratio: number, at: XY, colour: string, left: number, look: Look, big: boolean): void {
  const [x, y] = toScreen(c, at);
  const r = big ? 8 : 6;
  const text = left >= 0 && left < 100 && colour !== "dark" ? String(Math.ceil(left)) : "";
  const wide = 2 * r + (text ? (text.length > 1 ? 21 : 14) : 0) + 6;
  ctx.save();
  ctx.setTransform(ratio, 0, 0, ratio, x * ratio, y * ratio);
  ctx.fillStyle = look.plate;
  ctx.beginPath();
  ctx.roundRect(-r - 3, -r - 3, wide, 2 * r + 6, r + 3);
  ctx.fill();
  ctx.fillStyle = lamp(colour, look);
  ctx.beginPath();
  ctx.arc(0, 0, r, 0, 7);
  ctx.fill();
  if (text) {
    ctx.fillStyle = look.ink;
    ctx.font = `600 ${big ? 14 : 12}px ${look.font}`;
    ctx.direction = "ltr";
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillText(text, r + 4, 0.5);
  }
  ctx.restore();
}

/** The colour that a light's word stands for. */
export function lamp(colour: string, look: Look): string {
  if (colour.startsWith("green")) return look.green;
  if (colour.startsWith("red")) return look.red;
  if (colour.startsWith("amber") || colour === "blinking" || colour === "yellow") return look.amber;
  return look.car;
}
