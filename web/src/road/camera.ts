// Where one looks from: a point of the ground, where on the canvas it stands, how large, and which way is up.
import type { XY } from "./area.ts";
import type { Box } from "./ground.ts";

export interface Camera {
  x: number;
  y: number;
  up: number; // the direction on the ground that points up on the screen, radians
  scale: number; // pixels per metre
  ax: number; // where (x, y) stands, in pixels from the canvas's corner
  ay: number;
}

export const north = Math.PI / 2;

/** The matrix of a camera for CanvasRenderingContext2D.setTransform: a, b, c, d, e, f. */
export function matrix(c: Camera, ratio: number): [number, number, number, number, number, number] {
  const turn = north - c.up;
  const cos = Math.cos(turn) * c.scale * ratio;
  const sin = Math.sin(turn) * c.scale * ratio;
  return [cos, -sin, -sin, -cos, c.ax * ratio - cos * c.x + sin * c.y, c.ay * ratio + sin * c.x + cos * c.y];
}

/** Where a point of the ground stands on the canvas, in pixels. */
export function toScreen(c: Camera, [x, y]: XY): XY {
  const m = matrix(c, 1);
  return [m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]];
}

/** Which point of the ground stands at a pixel. */
export function toGround(c: Camera, [px, py]: XY): XY {
  const turn = north - c.up;
  const [dx, dy] = [(px - c.ax) / c.scale, -(py - c.ay) / c.scale];
  return [c.x + dx * Math.cos(turn) + dy * Math.sin(turn), c.y - dx * Math.sin(turn) + dy * Math.cos(turn)];
}

/** The camera, north up, that shows all of box on a canvas of this size. */
export function fit(box: Box, width: number, height: number, margin: number): Camera {
  const w = Math.max(20, box[2] - box[0]);
  const h = Math.max(20, box[3] - box[1]);
  const scale = Math.min(Math.max(40, width - 2 * margin) / w, Math.max(40, height - 2 * margin) / h);
  return { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2, up: north, scale, ax: width / 2, ay: height / 2 };
}

/** The ground that a camera sees on a canvas of this size, generously. */
export function seen(c: Camera, width: number, height: number): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const p of [[0, 0], [width, 0], [0, height], [width, height]] as XY[]) {
    const [x, y] = toGround(c, p);
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

export const meets = (a: Box, b: Box): boolean => a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
