// Cabin frames: what a vehicle sees and means to do, ten times a second; and the picture between two of them.

export type XY = [number, number];

export interface Body {
  x: number;
  y: number;
  heading: number; // radians, counter-clockwise from east
  length: number;
  width: number;
}

export interface Ego extends Body {
  speed: number; // m/s
  accel: number;
  steer: number;
}

export interface Other extends Body {
  id: number;
  kind: string;
  speed: number;
  flags: number;
  shown: number; // 0 to 1: fading in or out
}

/** What the flags of an object say. */
export const flags = { braking: 1, left: 2, right: 4, hazard: 8, siren: 16, unseen: 32 } as const; // unseen: not just now, carried on from before

export interface Way {
  id: number;
  share: number;
  line: XY[];
}

export interface Lit {
  signal: number;
  colour: string;
  left: number; // s until it changes; negative: unknown
}

export interface Weighed {
  name: string;
  score: number;
  veto: string;
}

export interface Frame {
  t: number; // s, the vehicle's own clock
  ego: Ego;
  mode: string;
  reason: { code: string; words: string; subject: number; signal: number };
  limit: number; // m/s
  plan: [x: number, y: number, speed: number][];
  objects: Other[];
  paths: Way[];
  lights: Lit[];
  next: { turn: string; metres: number } | undefined;
  vetoed: number;
  candidates: Weighed[];
}

const many = 400; // objects, paths or lights a frame may have; what is more is left out

/** Reads a frame. Undefined when it has no time or no ego; whatever else is missing or wrong is left out. */
export function readFrame(text: string): Frame | undefined {
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const ego = numbers(raw?.["ego"], 4);
  const t = raw?.["t"];
  if (typeof t !== "number" || !Number.isFinite(t) || !ego) return undefined;
  const reason = (raw["reason"] ?? {}) as Record<string, unknown>;
  const next = raw["next"];
  return {
    t,
    ego: {
      x: ego[0] ?? 0,
      y: ego[1] ?? 0,
      heading: ego[2] ?? 0,
      speed: ego[3] ?? 0,
      accel: ego[4] ?? 0,
      steer: ego[5] ?? 0,
      length: sane(ego[6], 1, 30, 4.8),
      width: sane(ego[7], 0.5, 5, 2),
    },
    mode: word(raw["mode"]),
    reason: {
      code: word(reason["code"]),
      words: word(reason["words"]),
      subject: sane(reason["subject"], 0, 2 ** 32, 0),
      signal: sane(reason["signal"], -1, 2 ** 31, -1),
    },
    limit: sane(raw["limit"], 0, 100, 0),
    plan: rows(raw["plan"]).flatMap((r) => pick(numbers(r, 2), (n) => [n[0]!, n[1]!, Math.max(0, n[2] ?? 0)] as [number, number, number])),
    objects: rows(raw["objects"]).flatMap(object),
    paths: rows(raw["paths"]).flatMap(way),
    lights: rows(raw["lights"]).flatMap((r) =>
      Array.isArray(r) && typeof r[0] === "number" ? [{ signal: r[0], colour: word(r[1]), left: sane(r[2], -1, 1e4, -1) }] : [],
    ),
    next: Array.isArray(next) && typeof next[1] === "number" && next[1] >= 0 ? { turn: word(next[0]), metres: next[1] } : undefined,
    vetoed: sane(raw["vetoed"], 0, 1e4, 0),
    candidates: rows(raw["candidates"]).flatMap((r) =>
      Array.isArray(r) ? [{ name: word(r[0]), score: sane(r[1], 0, 1, 0), veto: word(r[2]) }] : [],
    ),
  };
}

function object(r: unknown): Other[] {
  if (!Array.isArray(r) || typeof r[0] !== "number") return [];
  const n = numbers(r.slice(2), 3);
  if (!n) return [];
  const person = r[1] === "pedestrian";
  return [
    {
      id: r[0],
      kind: word(r[1]),
      x: n[0]!,
      y: n[1]!,
      heading: n[2]!,
      speed: n[3] ?? 0,
      length: sane(n[4], 0.2, 40, person ? 0.5 : 4.5),
      width: sane(n[5], 0.2, 10, person ? 0.5 : 1.8),
      flags: n[6] ?? 0,
      shown: 1,
    },
  ];
}

function way(r: unknown): Way[] {
  if (!Array.isArray(r) || typeof r[0] !== "number") return [];
  const line = rows(r[2]).flatMap((p) => pick(numbers(p, 2), (n) => [n[0]!, n[1]!] as XY));
  return line.length > 1 ? [{ id: r[0], share: sane(r[1], 0, 1, 1), line }] : [];
}

const word = (v: unknown): string => (typeof v === "string" ? v.slice(0, 120) : "");
const rows = (v: unknown): unknown[] => (Array.isArray(v) ? v.slice(0, many) : []);
const sane = (v: unknown, low: number, high: number, other: number): number =>
  typeof v === "number" && v >= low && v <= high ? v : other;
const pick = <A, B>(v: A | undefined, f: (v: A) => B): B[] => (v === undefined ? [] : [f(v)]);

function numbers(v: unknown, least: number): number[] | undefined {
  if (!Array.isArray(v) || v.length < least) return undefined;
  for (let i = 0; i < v.length; i++) {
    if (!Number.isFinite(v[i])) return undefined;
  }
  return v as number[];
}

/** An angle between a and b the shorter way round. */
export function turnTo(a: number, b: number, part: number): number {
  const d = Math.atan2(Math.sin(b - a), Math.cos(b - a));
  return a + d * part;
}

function between<B extends Body & { speed: number }>(a: B, b: B, k: number): B {
  return {
    ...b,
    x: a.x + (b.x - a.x) * k,
    y: a.y + (b.y - a.y) * k,
    heading: turnTo(a.heading, b.heading, k),
    speed: a.speed + (b.speed - a.speed) * k,
  };
}

function onward<B extends Body & { speed: number }>(b: B, dt: number): B {
  return { ...b, x: b.x + Math.cos(b.heading) * b.speed * dt, y: b.y + Math.sin(b.heading) * b.speed * dt };
}

const jump = 12; // m: what moves further between two frames has not moved but been put somewhere else

/** The picture part of the way k from a to b. */
export function mix(a: Frame, b: Frame, k: number): Frame {
  const before = new Map(a.objects.map((o) => [o.id, o]));
  const objects = b.objects.map((o) => {
    const was = before.get(o.id);
    before.delete(o.id);
    if (!was) return { ...o, shown: k };
    if (Math.hypot(o.x - was.x, o.y - was.y) > jump) return o;
    return between(was, o, k);
  });
  for (const gone of before.values()) objects.push({ ...gone, shown: 1 - k });
  const ego = Math.hypot(b.ego.x - a.ego.x, b.ego.y - a.ego.y) > jump ? b.ego : between(a.ego, b.ego, k);
  const t = a.t + (b.t - a.t) * k;
  return { ...b, t, ego, objects, lights: b.lights.map((l) => (l.left < 0 ? l : { ...l, left: Math.max(0, l.left + (b.t - t)) })) };
}

const ahead = 0.25; // s: how far a picture is carried on beyond the newest frame before it stands still
const keep = 12; // frames

/**
 * Plays frames evenly although they come unevenly: it shows the world a moment late, as much as the line's own
 * unevenness asks for, and draws what lies between two frames.
 */
export class Player {
  #frames: Frame[] = [];
  #offset = Infinity; // ms: the least of arrival minus the vehicle's clock seen lately
  #late = 30; // ms: how much later than that frames tend to be
  #heard = -Infinity;

  /** Takes a frame that came at now, in ms of any steady clock. A frame older than the newest is passed over. */
  push(f: Frame, now: number): void {
    const newest = this.#frames.at(-1);
    this.#heard = now;
    if (newest && (f.t < newest.t - 5 || f.t > newest.t + 5)) {
      this.#frames = []; // the vehicle or the world began anew
      this.#offset = Infinity;
    } else if (newest && f.t <= newest.t) return;
    this.#frames.push(f);
    if (this.#frames.length > keep) this.#frames.shift();
    const offset = now - f.t * 1000;
    // The least may rise again slowly: two clocks never agree for ever.
    this.#offset = Math.min(offset, this.#offset + 0.5);
    const late = Math.min(500, offset - this.#offset);
    this.#late = late > this.#late ? this.#late + (late - this.#late) * 0.3 : this.#late * 0.99;
  }

  /** Seconds since the last frame came; Infinity before the first. */
  age(now: number): number {
    return (now - this.#heard) / 1000;
  }

  get newest(): Frame | undefined {
    return this.#frames.at(-1);
  }

  /** The picture to show at now. */
  at(now: number): Frame | undefined {
    const list = this.#frames;
    const last = list.at(-1);
    if (!last) return undefined;
    const t = (now - this.#offset - 110 - this.#late) / 1000;
    if (t >= last.t) {
      const dt = Math.min(ahead, t - last.t);
      return { ...last, t: last.t + dt, ego: onward(last.ego, dt), objects: last.objects.map((o) => onward(o, dt)) };
    }
    for (let i = list.length - 2; i >= 0; i--) {
      const a = list[i]!;
      if (a.t <= t) return mix(a, list[i + 1]!, (t - a.t) / (list[i + 1]!.t - a.t));
    }
    return list[0];
  }
}
