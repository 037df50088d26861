// What was: fetching the past of a property and making lines of it.
import { get, thingPath } from "./http.ts";
import { shows, type State } from "./state.ts";

export interface Sample {
  time: string;
  value: unknown;
  quality: string;
}

export type Span = "hour" | "day" | "week";

export const spans: Record<Span, { ms: number; step: number }> = {
  hour: { ms: 3_600_000, step: 0 },
  day: { ms: 86_400_000, step: 300_000 },
  week: { ms: 604_800_000, step: 1_800_000 },
};

type Agg = "min" | "max" | "avg" | "last";

export async function fetchSamples(
  thing: string,
  name: string,
  from: number,
  to: number,
  how: { step?: number; agg?: Agg; max?: number },
  signal: AbortSignal,
): Promise<Sample[]> {
  const q = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  if (how.step) q.set("step", how.step / 1000 + "s");
  if (how.agg) q.set("agg", how.agg);
  if (how.max) q.set("max", String(how.max));
  return get<Sample[]>(`${thingPath(thing)}/properties/${encodeURIComponent(name)}/history?${q}`, { signal });
}

/** A line: times in seconds, rising; null where nothing is known. */
export interface Line {
  xs: number[];
  ys: (number | null)[];
}

/** Makes a line of samples, on another scale. A sample that is not to be believed, or not a number, is a gap. */
export function lineOf(samples: Sample[], scale: (n: number) => number = (n) => n): Line {
  const xs: number[] = [];
  const ys: (number | null)[] = [];
  for (const s of samples) {
    const x = Date.parse(s.time) / 1000;
    if (Number.isNaN(x) || x < (xs.at(-1) ?? -Infinity)) continue;
    xs.push(x);
    ys.push(believed(s) && typeof s.value === "number" ? scale(s.value) : null);
  }
  return { xs, ys };
}

const believed = (s: Sample): boolean => s.quality !== "unknown" && s.quality !== "bad";

/** Puts lines that came from the same steps on one list of times. */
export function align(lines: Line[]): { xs: number[]; ys: (number | null)[][] } {
  const xs = [...new Set(lines.flatMap((l) => l.xs))].sort((a, b) => a - b);
  const at = new Map(xs.map((x, i) => [x, i]));
  const ys = lines.map((l) => {
    const out = new Array<number | null>(xs.length).fill(null);
    l.xs.forEach((x, i) => (out[at.get(x) ?? 0] = l.ys[i] ?? null));
    return out;
  });
  return { xs, ys };
}

/** A stretch of time, in milliseconds, over which a value held. */
export interface Stretch {
  from: number;
  to: number;
  value: unknown; // undefined when it was not known
}

/** Makes stretches of samples of a value that holds until the next; is is what holds now. */
export function stretchesOf(samples: Sample[], from: number, to: number, is: State): Stretch[] {
  const out: Stretch[] = [];
  const add = (at: number, value: unknown) => {
    const last = out.at(-1);
    if (last) last.to = Math.max(last.from, at);
    if (last && last.value === value) {
      last.to = to;
      return;
    }
    out.push({ from: at, to, value });
  };
  if (shows(is) && is.since > 0 && is.since <= from && samples.length === 0) return [{ from, to, value: key(is.value) }];
  add(from, undefined);
  for (const s of samples) {
    const at = Date.parse(s.time);
    if (at >= from && at <= to) add(at, believed(s) ? key(s.value) : undefined);
  }
  if (shows(is) && is.time > (samples.length ? Date.parse(samples.at(-1)?.time ?? "") : from)) add(Math.max(from, is.time), key(is.value));
  return out.filter((s) => s.to > s.from);
}

const key = (v: unknown): unknown => (typeof v === "object" && v !== null ? JSON.stringify(v) : v);
