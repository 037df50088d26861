// Asking for something: a property written, an action invoked. Asked is not done; only a Change says that it is so.
import { effect, type Signal, signal } from "@preact/signals";
import { Problem, send, thingPath } from "./http.ts";
import { state } from "./hub.ts";
import { same } from "./state.ts";

export interface Asked {
  value: unknown;
  at: number;
  stage: "sending" | "taken" | "unanswered" | "failed";
  problem?: Problem;
  trace?: string;
}

const asked = new Map<string, Signal<Asked | undefined>>();
const patience = 10_000; // the hub's own deadline for a command

/** What has been asked of an affordance and is not yet confirmed. */
export function asking(thing: string, name: string): Signal<Asked | undefined> {
  const key = thing + "\n" + name;
  let s = asked.get(key);
  if (!s) asked.set(key, (s = signal<Asked | undefined>(undefined)));
  return s;
}

interface Lane {
  next?: { value: unknown };
}

const lanes = new Map<string, Lane>();

/**
 * Asks for a property to have a value. While one request is under way only the newest wish waits behind it, so that
 * a dragged slider sends as fast as the device answers and always ends on what was wanted last.
 */
export async function write(thing: string, name: string, value: unknown): Promise<void> {
  const mark = asking(thing, name);
  mark.value = { value, at: Date.now(), stage: "sending" };
  const key = thing + "\n" + name;
  const busy = lanes.get(key);
  if (busy) {
    busy.next = { value };
    return;
  }
  const lane: Lane = { next: { value } };
  lanes.set(key, lane);
  try {
    while (lane.next) {
      const wish = lane.next.value;
      delete lane.next;
      await once(thing, name, wish, mark);
    }
  } finally {
    lanes.delete(key);
  }
}

async function once(thing: string, name: string, value: unknown, mark: Signal<Asked | undefined>): Promise<void> {
  const at = Date.now();
  const own = () => mark.peek()?.value === value;
  const before = state(thing, name).peek();
  let done = false;
  const stop = effect(() => {
    const now = state(thing, name).value;
    if (now !== before && same(now.value, value) && own()) {
      done = true;
      mark.value = undefined;
    }
  });
  try {
    const answer = await send("PUT", `${thingPath(thing)}/properties/${encodeURIComponent(name)}`, value);
    const trace = answer.headers.get("Hutong-Trace") ?? "";
    if (done || !own()) return;
    if (same(state(thing, name).peek().value, value) && before.quality === "good") {
      mark.value = undefined; // it was so already
      return;
    }
    mark.value = { value, at, stage: "taken", trace };
    wait(thing, name, mark);
  } catch (e) {
    if (!own() || done) return;
    const failed: Asked = { value, at, stage: "failed", problem: asProblem(e) };
    mark.value = failed;
    setTimeout(() => mark.peek() === failed && (mark.value = undefined), patience * 2);
  } finally {
    stop();
  }
}

function wait(thing: string, name: string, mark: Signal<Asked | undefined>): void {
  const mine = mark.peek();
  if (!mine) return;
  const timer = setTimeout(() => {
    if (mark.peek() === mine) mark.value = { ...mine, stage: "unanswered" };
  }, Math.max(0, mine.at + patience - Date.now()));
  const seen = state(thing, name).peek();
  let settling: ReturnType<typeof setTimeout> | undefined;
  let stop = () => {};
  stop = effect(() => {
    const now = state(thing, name).value;
    const current = mark.value;
    const over = current === undefined || current.at !== mine.at || current.value !== mine.value;
    const confirmed = !over && now !== seen && same(now.value, mine.value);
    if (!over && !confirmed) {
      // The device speaks, but says something else: a blind on its way, or a value it rounds. Believe it soon.
      if (now !== seen) settling ??= setTimeout(() => (mark.value = undefined), 2_500);
      return;
    }
    clearTimeout(timer);
    clearTimeout(settling);
    queueMicrotask(() => stop());
    if (confirmed) mark.value = undefined;
  });
}

export interface Outcome {
  output?: unknown;
  running?: string; // where the ActionStatus is
}

/** Invokes an action. An action that takes longer answers with where to look. */
export async function invoke(thing: string, name: string, input?: unknown): Promise<Outcome> {
  const mark = asking(thing, "\u0000" + name);
  const mine: Asked = { value: input, at: Date.now(), stage: "sending" };
  mark.value = mine;
  try {
    const answer = await send("POST", `${thingPath(thing)}/actions/${encodeURIComponent(name)}`, input);
    if (answer.status === 204) return {};
    const body = (await answer.json()) as unknown;
    return answer.status === 201 ? { running: answer.headers.get("Location") ?? "" } : { output: body };
  } catch (e) {
    mark.value = { ...mine, stage: "failed", problem: asProblem(e) };
    throw e;
  } finally {
    if (mark.peek() === mine) mark.value = undefined;
  }
}

/** What is under way of an action. */
export const invoking = (thing: string, name: string): Signal<Asked | undefined> => asking(thing, "\u0000" + name);

function asProblem(e: unknown): Problem {
  return e instanceof Problem ? e : new Problem(0, "", e instanceof Error ? e.message : String(e));
}
