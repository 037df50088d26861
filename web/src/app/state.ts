// What is known of a property now, as /stream tells it.

export type Quality = "unknown" | "bad" | "stale" | "restored" | "uncertain" | "good";
export const qualities: readonly Quality[] = ["unknown", "bad", "stale", "restored", "uncertain", "good"];

export interface State {
  value: unknown;
  quality: Quality;
  time: number; // milliseconds since 1970; 0 is not known
  since: number;
  cause: string; // "" when the device did it by itself
}

export const unknown: State = { value: null, quality: "unknown", time: 0, since: 0, cause: "" };

/** A value as it is sent: [value, quality, time, since, cause?]. */
export type Sent = [unknown, number, number, number, string?];

export function stateOf([value, quality, time, since, cause]: Sent): State {
  return { value, quality: qualities[quality] ?? "unknown", time, since, cause: cause ?? "" };
}

/** Whether a value may be shown as the present one, if need be with a remark. */
export const shows = (s: State): boolean => s.quality !== "unknown" && s.quality !== "bad";

/** Whether two JSON values are the same, floats to within what printing them would show. */
export function same(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a));
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(x);
  return keys.length === Object.keys(y).length && keys.every((k) => k in y && same(x[k], y[k]));
}
