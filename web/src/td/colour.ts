// Colours as devices write them, to and from the "#rrggbb" of a colour field.
import type { Colour } from "./control.ts";

type RGB = [number, number, number]; // each 0 to 1

/** The value as "#rrggbb", undefined when it is not a colour of that form. */
export function toHex(value: unknown, form: Colour): string | undefined {
  if (form === "hex") return typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value) ? value.toLowerCase() : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  const v = value as Record<string, unknown>;
  form = formOf(v) ?? form;
  const n = (k: string, other = ""): number => Number(v[k] ?? v[other]);
  let rgb: RGB;
  if (form === "rgb") rgb = [n("r") / 255, n("g") / 255, n("b") / 255];
  else if (form === "hs") rgb = fromHS(n("h", "hue"), n("s", "saturation"));
  else rgb = fromXY(n("x"), n("y"));
  if (rgb.some((c) => !Number.isFinite(c))) return undefined;
  return "#" + rgb.map((c) => Math.round(Math.min(1, Math.max(0, c)) * 255).toString(16).padStart(2, "0")).join("");
}

/** "#rrggbb" in the form of the device; like is a value it sent, whose member names are kept. */
export function fromHex(hex: string, form: Colour, like: unknown): unknown {
  if (form === "hex") return hex;
  if (typeof like === "object" && like !== null) form = formOf(like as Record<string, unknown>) ?? form;
  const part = (at: number) => parseInt(hex.slice(at, at + 2), 16);
  const rgb: RGB = [part(1) / 255, part(3) / 255, part(5) / 255];
  if (form === "rgb") return { r: part(1), g: part(3), b: part(5) };
  if (form === "xy") return toXY(rgb);
  const [h, s] = toHS(rgb);
  const long = typeof like === "object" && like !== null && "hue" in like;
  return long ? { hue: h, saturation: s } : { h, s };
}

/** A lamp may take several forms; it is answered in the one it speaks now. */
function formOf(v: Record<string, unknown>): Colour | undefined {
  if ("r" in v) return "rgb";
  if ("h" in v || "hue" in v) return "hs";
  return "x" in v ? "xy" : undefined;
}

function fromHS(h: number, s: number): RGB {
  const c = s / 100;
  const f = (k: number) => {
    const x = (k + h / 60) % 6;
    return 1 - c * Math.max(0, Math.min(x, 4 - x, 1));
  };
  return [f(5), f(3), f(1)];
}

function toHS([r, g, b]: RGB): [number, number] {
  const max = Math.max(r, g, b);
  const d = max - Math.min(r, g, b);
  if (d === 0) return [0, 0];
  const h = max === r ? ((g - b) / d + 6) % 6 : max === g ? (b - r) / d + 2 : (r - g) / d + 4;
  return [Math.round(h * 60) % 360, Math.round((d / max) * 100)];
}

// CIE 1931 xy at full brightness, sRGB primaries, D65.
function fromXY(x: number, y: number): RGB {
  if (y <= 0) return [1, 1, 1];
  const X = x / y;
  const Z = (1 - x - y) / y;
  const lin = [3.2406 * X - 1.5372 - 0.4986 * Z, -0.9689 * X + 1.8758 + 0.0415 * Z, 0.0557 * X - 0.204 + 1.057 * Z];
  const top = Math.max(...lin, 1e-6);
  return lin.map((c) => {
    const v = Math.max(0, c / top);
    return v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
  }) as RGB;
}

function toXY(rgb: RGB): { x: number; y: number } {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as RGB;
  const X = 0.4124 * r + 0.3576 * g + 0.1805 * b;
  const Y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const Z = 0.0193 * r + 0.1192 * g + 0.9505 * b;
  const sum = X + Y + Z;
  if (sum === 0) return { x: 0.3127, y: 0.329 };
  const round = (n: number) => Math.round(n * 10_000) / 10_000;
  return { x: round(X / sum), y: round(Y / sum) };
}
