// The cabin's picture: the road around the vehicle, what it sees, what it thinks will happen and what it means to do.
import type { XY } from "./area.ts";
import { drawEgo, drawOther } from "./bodies.ts";
import { type Camera, matrix, north, toScreen } from "./camera.ts";
import { type Frame, turnTo } from "./frame.ts";
import { apart } from "./ground.ts";
import { blend, type Look } from "./look.ts";
import { drawLight, drawRoute, lamp, type Sheet, speedColour, stroke } from "./paint.ts";

export interface Stage {
  ctx: CanvasRenderingContext2D;
  width: number;
  height: number;
  ratio: number;
  look: Look;
  sheet: Sheet | undefined;
}

/** Follows the vehicle: smoothly, further away the faster it is, with more room ahead than behind. */
export class Follower {
  #up: number | undefined;
  #scale: number | undefined;
  #time = 0;

  /** The camera for a picture at now, in ms, whose lowest pixels are hidden below something. Without motion it does not
      glide but stands where it should. */
  at(f: Frame, now: number, width: number, height: number, headingUp: boolean, glide: boolean, zoom: number, below: number): Camera {
    const dt = Math.min(0.1, Math.max(0, (now - this.#time) / 1000));
    this.#time = now;
    const part = glide && this.#up !== undefined ? 1 - Math.exp(-dt * 3.5) : 1;
    const wanted = headingUp ? f.ego.heading : north;
    const reach = (headingUp ? 44 : 56) + Math.min(14, f.ego.speed) * 1.3; // m of road over the picture's height
    const size = (Math.max(height, width * 0.62) / reach) * zoom;
    this.#up = turnTo(this.#up ?? wanted, wanted, part);
    this.#scale = this.#scale === undefined ? size : this.#scale + (size - this.#scale) * (glide ? 1 - Math.exp(-dt * 1.2) : 1);
    return { x: f.ego.x, y: f.ego.y, up: this.#up, scale: this.#scale, ax: width / 2, ay: (height - below) * (headingUp ? 0.74 : 0.5) };
  }
}

/** Draws one picture; route is the way of the whole ride, if that is known. */
export function drawScene(s: Stage, c: Camera, f: Frame, route: readonly XY[]): void {
  const { ctx, look, ratio } = s;
  if (s.sheet) s.sheet.draw(ctx, c, s.width, s.height, ratio, look);
  else {
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = look.ground;
    ctx.fillRect(0, 0, s.width * ratio, s.height * ratio);
  }
  ctx.setTransform(...matrix(c, ratio));
  const rest = onward(route, [f.ego.x, f.ego.y]);
  if (rest.length > 1) {
    ctx.globalAlpha = 0.28;
    drawRoute(ctx, rest, 1.1, look);
    ctx.globalAlpha = 1;
  }
  stopLines(s, f);
  const failed = f.mode === "fail-safe" || f.mode === "stopped";
  ribbon(s, f, failed);
  guesses(s, f);
  const order = [...f.objects].sort((a, b) => a.y - b.y);
  for (const o of order) drawOther(ctx, o, look, o.id === f.reason.subject && f.reason.subject !== 0);
  drawEgo(ctx, f.ego, f.ego.accel < -0.6, failed, look);
  lamps(s, c, f);
}

/** A stop line glows in the colour of its light. */
function stopLines({ ctx, sheet, look }: Stage, f: Frame): void {
  if (!sheet) return;
  ctx.lineWidth = 0.55;
  for (const line of sheet.ground.stops) {
    const light = f.lights.find((l) => l.signal === line.signal);
    if (!light) continue;
    ctx.strokeStyle = lamp(light.colour, look);
    stroke(ctx, [line.from, line.to]);
  }
}

function lamps({ ctx, sheet, look, ratio, width, height }: Stage, c: Camera, f: Frame): void {
  if (!sheet) return;
  const shown: XY[] = [];
  // The one the vehicle minds comes first; lamps that would lie on another are left out, as their neighbours agree.
  const lights = [...f.lights].sort((a, b) => Number(b.signal === f.reason.signal) - Number(a.signal === f.reason.signal));
  for (const l of lights) {
    const at = sheet.ground.signals.get(l.signal);
    if (!at) continue;
    const spot: XY = [at.x + Math.cos(at.heading) * 1.2, at.y + Math.sin(at.heading) * 1.2];
    const [x, y] = toScreen(c, spot);
    if (x < -40 || y < -40 || x > width + 40 || y > height + 40) continue;
    if (shown.some((p) => Math.hypot(p[0] - x, p[1] - y) < 26)) continue;
    shown.push([x, y]);
    drawLight(ctx, c, ratio, spot, l.colour, l.left, look, l.signal === f.reason.signal);
  }
}

/** What it means to do: a ribbon along its plan, coloured by the speed it will have, ending in a bar where it will stand. */
function ribbon({ ctx, look }: Stage, f: Frame, failed: boolean): void {
  const top = Math.max(3, f.limit);
  const e = f.ego;
  const nose: [number, number, number] = [e.x + (Math.cos(e.heading) * e.length) / 2, e.y + (Math.sin(e.heading) * e.length) / 2, e.speed];
  const ahead = f.plan.filter(([x, y]) => (x - nose[0]) * Math.cos(e.heading) + (y - nose[1]) * Math.sin(e.heading) > 0 || Math.hypot(x - nose[0], y - nose[1]) > e.length);
  const line = smooth([nose, ...ahead]);
  if (line.length < 2) return;
  const half = Math.max(0.5, e.width * 0.36);
  for (let i = 0; i + 1 < line.length; i++) {
    const [a, b] = [line[i]!, line[i + 1]!];
    const fade = ctx.createLinearGradient(a[0], a[1], b[0], b[1]);
    const shade = (v: number, k: number) => blend(failed ? look.brake : speedColour(v / top, look), look.asphalt, 0.1 + k * 0.6);
    fade.addColorStop(0, shade(a[2], i / line.length));
    fade.addColorStop(1, shade(b[2], (i + 1) / line.length));
    ctx.fillStyle = fade;
    const [l, m] = [side(line, i, half), side(line, i + 1, half)];
    ctx.beginPath();
    ctx.moveTo(l[0], l[1]);
    const [ox, oy] = [(b[0] - a[0]) * 0.25, (b[1] - a[1]) * 0.25]; // lies under the next piece, so that no seam shows
    ctx.lineTo(m[0] + ox, m[1] + oy);
    ctx.lineTo(2 * b[0] - m[0] + ox, 2 * b[1] - m[1] + oy);
    ctx.lineTo(2 * a[0] - l[0], 2 * a[1] - l[1]);
    ctx.fill();
  }
  const last = line.at(-1)!;
  if (last[2] < 0.3) {
    const end = side(line, line.length - 1, half * 1.35);
    ctx.strokeStyle = failed ? look.brake : look.halt;
    ctx.lineWidth = 0.5;
    ctx.lineCap = "round";
    stroke(ctx, [end, [2 * last[0] - end[0], 2 * last[1] - end[1]]]);
    ctx.lineCap = "butt";
  }
}

type Step = [x: number, y: number, speed: number];

/** Cuts corners off a coarse line twice (Chaikin); points that lie on each other become one. */
function smooth(points: Step[]): Step[] {
  let line = points.filter((p, i) => i === 0 || Math.hypot(p[0] - points[i - 1]![0], p[1] - points[i - 1]![1]) > 0.15);
  for (let round = 0; round < 2 && line.length > 2; round++) {
    const next: Step[] = [line[0]!];
    for (let i = 0; i + 1 < line.length; i++) {
      const [a, b] = [line[i]!, line[i + 1]!];
      const at = (k: number): Step => [a[0] + (b[0] - a[0]) * k, a[1] + (b[1] - a[1]) * k, a[2] + (b[2] - a[2]) * k];
      next.push(at(0.25), at(0.75));
    }
    next.push(line.at(-1)!);
    line = next;
  }
  return line;
}

function side(line: readonly Step[], i: number, d: number): XY {
  const p = line[i]!;
  const a = line[i - 1] ?? p;
  const b = line[i + 1] ?? p;
  const l = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  return [p[0] - ((b[1] - a[1]) / l) * d, p[1] + ((b[0] - a[0]) / l) * d];
}

/** Where it thinks the others will go: dotted, fainter the less likely and the further off. */
function guesses({ ctx, look }: Stage, f: Frame): void {
  ctx.strokeStyle = look.guess;
  ctx.lineWidth = 0.32;
  ctx.lineCap = "round";
  ctx.setLineDash([0.01, 0.95]);
  for (const p of f.paths) {
    ctx.globalAlpha = 0.25 + 0.65 * p.share;
    stroke(ctx, p.line);
  }
  ctx.setLineDash([]);
  ctx.lineCap = "butt";
  ctx.globalAlpha = 1;
}

/** What of a way is still ahead of p. */
function onward(way: readonly XY[], p: XY): XY[] {
  let best = 0;
  for (let i = 0, least = Infinity; i + 1 < way.length; i++) {
    const d = apart(p, way[i]!, way[i + 1]!);
    if (d < least) [least, best] = [d, i];
  }
  return [p, ...way.slice(best + 1)];
}
