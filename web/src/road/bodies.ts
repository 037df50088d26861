// Road users as one sees them from above.
import type { Body, Other } from "./frame.ts";
import { flags } from "./frame.ts";
import type { Look } from "./look.ts";
import { within } from "./paint.ts";

type Ctx = CanvasRenderingContext2D;

/** Draws one road user; ring says that the vehicle's mind is on it just now. */
export function drawOther(ctx: Ctx, o: Other, look: Look, ring: boolean): void {
  ctx.globalAlpha = o.shown * (o.flags & flags.unseen ? 0.55 : 1);
  within(ctx, o.x, o.y, o.heading, () => {
    if (ring) {
      ctx.strokeStyle = look.ring;
      ctx.lineWidth = 0.28;
      ctx.beginPath();
      ctx.roundRect(-o.length / 2 - 0.6, -o.width / 2 - 0.6, o.length + 1.2, o.width + 1.2, 0.9);
      ctx.stroke();
    }
    switch (o.kind) {
      case "pedestrian":
        return person(ctx, look);
      case "bicycle":
      case "motorcycle":
        return rider(ctx, o, look);
      case "obstacle":
      case "unknown":
        return thing(ctx, o, look);
      case "bus":
      case "truck":
      case "van":
      case "tram":
        return box(ctx, o, look);
    }
    car(ctx, o, look);
  });
  ctx.globalAlpha = 1;
}

function shade(ctx: Ctx, b: Body, round: number): void {
  ctx.fillStyle = "rgb(0 0 0 / 22%)";
  ctx.beginPath();
  ctx.roundRect(-b.length / 2 - 0.12, -b.width / 2 - 0.12, b.length + 0.24, b.width + 0.24, round);
  ctx.fill();
}

function hull(ctx: Ctx, b: Body, fill: string, line: string, front: number, back: number): void {
  ctx.fillStyle = fill;
  ctx.strokeStyle = line;
  ctx.lineWidth = 0.09;
  ctx.beginPath();
  ctx.roundRect(-b.length / 2, -b.width / 2, b.length, b.width, [back, front, front, back]);
  ctx.fill();
  ctx.stroke();
}

function lights(ctx: Ctx, b: Body, colour: string): void {
  ctx.fillStyle = colour;
  for (const side of [1, -1]) ctx.fillRect(-b.length / 2 - 0.02, side * (b.width / 2 - 0.32) - 0.2, 0.24, 0.4);
}

function car(ctx: Ctx, o: Other, look: Look): void {
  const [l, w] = [o.length, o.width];
  shade(ctx, o, 0.6);
  hull(ctx, o, look.car, look["car-line"], Math.min(0.75, w * 0.4), Math.min(0.5, w * 0.3));
  ctx.fillStyle = look.glass;
  ctx.beginPath(); // windscreen
  ctx.moveTo(l * 0.22, -w * 0.4);
  ctx.quadraticCurveTo(l * 0.29, 0, l * 0.22, w * 0.4);
  ctx.lineTo(l * 0.1, w * 0.33);
  ctx.quadraticCurveTo(l * 0.14, 0, l * 0.1, -w * 0.33);
  ctx.fill();
  ctx.beginPath(); // rear window
  ctx.moveTo(-l * 0.36, -w * 0.36);
  ctx.quadraticCurveTo(-l * 0.4, 0, -l * 0.36, w * 0.36);
  ctx.lineTo(-l * 0.27, w * 0.31);
  ctx.quadraticCurveTo(-l * 0.29, 0, -l * 0.27, -w * 0.31);
  ctx.fill();
  signs(ctx, o, look);
}

function box(ctx: Ctx, o: Other, look: Look): void {
  const [l, w] = [o.length, o.width];
  shade(ctx, o, 0.3);
  hull(ctx, o, look.car, look["car-line"], 0.4, 0.2);
  ctx.fillStyle = look.glass;
  ctx.fillRect(l / 2 - 0.75, -w * 0.42, 0.45, w * 0.84);
  ctx.strokeStyle = look["car-line"];
  ctx.lineWidth = 0.08;
  if (o.kind === "truck" || o.kind === "van") ctx.strokeRect(-l / 2 + 0.25, -w / 2 + 0.2, Math.max(0.5, l - 2.3), w - 0.4);
  else for (let x = -l / 2 + 1.6; x < l / 2 - 2; x += 2.6) ctx.strokeRect(x, -w * 0.24, 1.5, w * 0.48);
  signs(ctx, o, look);
}

/** Brake lights, indicators and the blue light. */
function signs(ctx: Ctx, o: Other, look: Look): void {
  if (o.flags & flags.braking) lights(ctx, o, look.brake);
  ctx.fillStyle = look.amber;
  for (const [flag, side] of [[flags.left, 1], [flags.right, -1]] as const) {
    if (!(o.flags & (flag | flags.hazard))) continue;
    for (const end of [1, -1]) ctx.fillRect(end * (o.length / 2 - 0.3) - 0.2, side * (o.width / 2 - 0.1) - 0.15, 0.4, 0.3);
  }
  if (o.flags & flags.siren) siren(ctx, look);
}

function siren(ctx: Ctx, look: Look): void {
  ctx.fillStyle = look.red;
  ctx.fillRect(-0.2, -0.6, 0.4, 0.5);
  ctx.fillStyle = look.fast;
  ctx.fillRect(-0.2, 0.1, 0.4, 0.5);
}

function person(ctx: Ctx, look: Look): void {
  disc(ctx, 0.62, look.plate);
  ctx.fillStyle = look.person;
  ctx.beginPath();
  ctx.ellipse(0, 0, 0.28, 0.5, 0, 0, 7);
  ctx.fill();
  disc(ctx, 0.24, look["ego-line"]);
}

function rider(ctx: Ctx, o: Other, look: Look): void {
  const l = Math.max(1.6, o.length);
  ctx.fillStyle = look.plate;
  ctx.beginPath();
  ctx.roundRect(-l / 2 - 0.2, -0.55, l + 0.4, 1.1, 0.5);
  ctx.fill();
  ctx.fillStyle = look["ego-line"];
  ctx.fillRect(-l / 2, -0.09, l, 0.18);
  ctx.fillRect(l * 0.25, -0.38, 0.12, 0.76);
  ctx.fillStyle = look.person;
  ctx.beginPath();
  ctx.ellipse(-0.05, 0, 0.34, 0.42, 0, 0, 7);
  ctx.fill();
  disc(ctx, 0.2, look["ego-line"]);
}

function thing(ctx: Ctx, o: Other, look: Look): void {
  ctx.fillStyle = look.thing;
  ctx.strokeStyle = look["ego-line"];
  ctx.lineWidth = 0.1;
  ctx.beginPath();
  ctx.rect(-o.length / 2, -o.width / 2, o.length, o.width);
  ctx.fill();
  ctx.stroke();
  ctx.save();
  ctx.clip();
  for (let x = -o.length; x < o.length; x += 0.7) {
    ctx.beginPath();
    ctx.moveTo(x, -o.width);
    ctx.lineTo(x + o.width * 2, o.width);
    ctx.stroke();
  }
  ctx.restore();
}

function disc(ctx: Ctx, r: number, colour: string): void {
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.arc(0, 0, r, 0, 7);
  ctx.fill();
}

/** The vehicle one rides in: white, with the mark of the house on its roof. */
export function drawEgo(ctx: Ctx, e: Body, braking: boolean, stopped: boolean, look: Look): void {
  within(ctx, e.x, e.y, e.heading, () => {
    const [l, w] = [e.length, e.width];
    ctx.fillStyle = stopped ? look.brake : look.route;
    ctx.globalAlpha = 0.25;
    ctx.beginPath();
    ctx.roundRect(-l / 2 - 0.7, -w / 2 - 0.7, l + 1.4, w + 1.4, 1.2);
    ctx.fill();
    ctx.globalAlpha = 1;
    shade(ctx, e, 0.7);
    hull(ctx, e, look.ego, look["ego-line"], Math.min(0.8, w * 0.4), 0.45);
    ctx.fillStyle = look.glass;
    ctx.beginPath();
    ctx.moveTo(l * 0.36, -w * 0.4);
    ctx.quadraticCurveTo(l * 0.46, 0, l * 0.36, w * 0.4);
    ctx.lineTo(l * 0.24, w * 0.36);
    ctx.quadraticCurveTo(l * 0.29, 0, l * 0.24, -w * 0.36);
    ctx.fill();
    ctx.fillRect(-l * 0.42, -w * 0.34, l * 0.06, w * 0.68);
    // the mark: a courtyard, its gate at a corner, a lamp in the middle
    const s = Math.min(w * 0.62, l * 0.34);
    ctx.fillStyle = look.door;
    ctx.beginPath();
    ctx.roundRect(-s / 2 - l * 0.06, -s / 2, s, s, s * 0.22);
    ctx.fill();
    ctx.strokeStyle = look.ego;
    ctx.lineWidth = s * 0.09;
    ctx.beginPath();
    const [x, r] = [-l * 0.06, s * 0.28];
    ctx.moveTo(x + r, r * 0.1);
    ctx.lineTo(x + r, -r);
    ctx.lineTo(x - r, -r);
    ctx.lineTo(x - r, r);
    ctx.lineTo(x + r * 0.9, r);
    ctx.stroke();
    ctx.fillStyle = look.slow;
    ctx.fillRect(x - s * 0.1, -s * 0.1, s * 0.2, s * 0.2);
    if (braking) lights(ctx, e, look.brake);
  });
}
