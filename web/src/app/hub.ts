// Everything the page knows of the hub: its Things, where they are, their values, and whether the line is up.
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { hubNow, setClock } from "./clock.ts";
import { type TD } from "../td/td.ts";
import { get, locked, Problem, type Session, thingPath } from "./http.ts";
import { listen, type Message, StreamRefused } from "./sse.ts";
import { type Sent, type State, stateOf, unknown } from "./state.ts";

export interface Summary {
  id: string;
  title: string;
  place: string;
  rev: string;
  simulated: boolean;
}

export interface PlaceNode {
  id: string;
  title: string;
  places: PlaceNode[];
}

export interface Notice {
  id: string;
  time: string;
  level: string;
  title: string;
  text: string;
  cause?: string;
}

export interface Happened {
  data: unknown;
  time: number;
}

export type Line = "connecting" | "live" | "reconnecting";

/** The state of the one stream all live values come by. */
export const line = signal<Line>("connecting");
/** When the hub was last heard, by its own clock, milliseconds since 1970. */
export const heard = signal(0);
export const session = signal<Session & { hub: string }>({ mode: "open", by: null, role: null, hub: "" });
/** All Things by id. The map is replaced when a Thing comes, goes or is described anew, not when a value changes. */
export const things = signal<ReadonlyMap<string, Summary>>(new Map());
export const places = signal<PlaceNode>({ id: "", title: "", places: [] });
export const notices = signal<readonly Notice[]>([]);
/** Whether everything has been told once. */
export const complete = signal(false);

class Cells<T> {
  readonly #cells = new Map<string, Map<string, Signal<T>>>();
  readonly #first: T;

  constructor(first: T) {
    this.#first = first;
  }

  at(thing: string, name: string): Signal<T> {
    let of = this.#cells.get(thing);
    if (!of) this.#cells.set(thing, (of = new Map()));
    let cell = of.get(name);
    if (!cell) of.set(name, (cell = signal(this.#first)));
    return cell;
  }

  drop(keep: (thing: string) => boolean): void {
    for (const [thing, of] of this.#cells) {
      if (keep(thing)) continue;
      for (const cell of of.values()) cell.value = this.#first;
      this.#cells.delete(thing);
    }
  }
}

const states = new Cells<State>(unknown);
const happenings = new Cells<Happened | undefined>(undefined);
const tds = new Map<string, Signal<TD | undefined>>();
const revs = new Map<string, string>(); // of the TDs held

/** The live state of a property. */
export const state = (thing: string, name: string): ReadonlySignal<State> => states.at(thing, name);
/** What an event last brought since this page was opened. */
export const happened = (thing: string, name: string): ReadonlySignal<Happened | undefined> =>
  happenings.at(thing, name);

// ---- descriptions

const waiting = new Set<string>();
let fetching = 0;

/** The TD of a Thing, undefined until it has come. Asking for it makes it come. */
export function td(id: string): ReadonlySignal<TD | undefined> {
  let cell = tds.get(id);
  if (!cell) tds.set(id, (cell = signal<TD | undefined>(undefined)));
  const rev = things.peek().get(id)?.rev;
  if (rev !== undefined && revs.get(id) !== rev) {
    waiting.add(id);
    queueMicrotask(pump);
  }
  return cell;
}

function pump(): void {
  for (const id of waiting) {
    if (fetching >= 4) return;
    waiting.delete(id);
    const rev = things.peek().get(id)?.rev;
    if (rev === undefined || revs.get(id) === rev) continue;
    fetching++;
    revs.set(id, rev);
    get<TD>(thingPath(id))
      .then((d) => hold(d, id))
      .catch(() => revs.delete(id))
      .finally(() => {
        fetching--;
        pump();
      });
  }
}

function hold(d: TD, id = d.id): void {
  let cell = tds.get(id);
  if (!cell) tds.set(id, (cell = signal<TD | undefined>(undefined)));
  cell.value = d;
}

/** A small house is fetched whole, in a few pages; of a large one only what is looked at. */
async function prefetch(): Promise<void> {
  const all = things.peek();
  const missing = [...all.values()].filter((s) => revs.get(s.id) !== s.rev);
  if (all.size > 1000 || missing.length < 8) return;
  for (const s of missing) revs.set(s.id, s.rev);
  try {
    for (let offset = 0; offset < all.size; offset += 250) {
      const page = await get<TD[]>(`things?limit=250&offset=${offset}`);
      batch(() => page.forEach((d) => hold(d)));
    }
  } catch {
    for (const s of missing) {
      if (!tds.get(s.id)?.peek()) revs.delete(s.id);
    }
  }
}

// ---- the stream

interface Full {
  things: Summary[];
  values: Record<string, Record<string, Sent>>;
  last?: boolean;
}

interface Delta {
  values?: Record<string, Record<string, Sent>>;
  events?: [thing: string, name: string, data: unknown, time: number][];
}

const quiet = 40_000;
const doze = 60_000;
const forever = 2 ** 31 - 1;
let lastId = "";
let arriving: Map<string, Summary> | undefined; // what "full" has listed so far
let retry = new AbortController();

function take(m: Message): void {
  if (m.id !== "") lastId = m.id;
  switch (m.event) {
    case "hello": {
      const hello = JSON.parse(m.data) as Session & { hub: string; resumed: boolean; time: number };
      if (typeof hello.time === "number") setClock(hello.time);
      session.value = { mode: hello.mode, by: hello.by, role: hello.role, hub: hello.hub };
      if (!hello.resumed) states.drop(() => false);
      arriving = new Map();
      return;
    }
    case "full":
      return full(JSON.parse(m.data) as Full);
    case "delta": {
      const delta = JSON.parse(m.data) as Delta;
      for (const [thing, values] of Object.entries(delta.values ?? {})) put(thing, values);
      for (const [thing, name, data, time] of delta.events ?? []) happenings.at(thing, name).value = { data, time };
      return;
    }
    case "thing": {
      const { values, ...summary } = JSON.parse(m.data) as Summary & { values?: Record<string, Sent> };
      things.value = new Map(things.value).set(summary.id, summary);
      if (tds.has(summary.id)) td(summary.id);
      if (values) put(summary.id, values);
      fetchPlaces();
      return;
    }
    case "gone": {
      const { id } = JSON.parse(m.data) as { id: string };
      const next = new Map(things.value);
      next.delete(id);
      forget(next);
      return;
    }
    case "notice":
      notices.value = [JSON.parse(m.data) as Notice, ...notices.value].slice(0, 100);
      return;
    case "lost":
      fetchNotices();
  }
}

function put(thing: string, values: Record<string, Sent>): void {
  for (const [name, sent] of Object.entries(values)) states.at(thing, name).value = stateOf(sent);
}

function full(part: Full): void {
  arriving ??= new Map();
  for (const s of part.things) arriving.set(s.id, s);
  for (const [thing, values] of Object.entries(part.values)) put(thing, values);
  if (!part.last) return;
  forget(arriving);
  arriving = undefined;
  complete.value = true;
  line.value = "live";
  for (const id of tds.keys()) td(id);
  fetchPlaces();
  fetchNotices();
  void prefetch();
}

function forget(kept: ReadonlyMap<string, Summary>): void {
  things.value = kept;
  states.drop((id) => kept.has(id));
  happenings.drop((id) => kept.has(id));
  for (const [id, cell] of tds) {
    if (kept.has(id)) continue;
    cell.value = undefined;
    tds.delete(id);
    revs.delete(id);
  }
}

let placesTimer: ReturnType<typeof setTimeout> | undefined;

function fetchPlaces(): void {
  if (placesTimer !== undefined) return;
  placesTimer = setTimeout(() => {
    placesTimer = undefined;
    get<PlaceNode>("places").then(
      (p) => (places.value = p),
      () => undefined, // ids stand in for titles until the next time
    );
  }, 50);
}

export function fetchNotices(): void {
  get<Notice[]>("notices").then(
    (list) => (notices.value = list),
    () => undefined,
  );
}

/** Keeps the stream up for as long as the page is open. */
export async function live(): Promise<never> {
  for (let wait = 500; ; ) {
    try {
      const url = new URL("stream", document.baseURI);
      const headers: Record<string, string> = lastId ? { "Last-Event-ID": lastId } : {};
      await listen(url, headers, quiet, retry.signal, (list) => {
        locked.value = false;
        wait = 500;
        batch(() => {
          for (const m of list) take(m);
          heard.value = hubNow();
        });
      });
    } catch (e) {
      if (e instanceof StreamRefused && e.status === 401) locked.value = true;
      else if (!(e instanceof StreamRefused) && !(e instanceof DOMException) && !(e instanceof TypeError)) console.error(e);
    }
    line.value = complete.value && !asleep ? "reconnecting" : "connecting";
    retry = new AbortController();
    await pause(asleep ? forever : wait * (0.75 + Math.random() / 2), retry.signal);
    wait = Math.min(wait * 2, 10_000);
  }
}

function pause(ms: number, until: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    const end = () => {
      clearTimeout(timer);
      done();
    };
    until.addEventListener("abort", end, { once: true });
    unlocked = end;
  });
}

let unlocked = () => {};

/** Tries the stream again now: after signing in, when the network is back, or because somebody pressed the button. */
export function reconnect(): void {
  unlocked();
}

/** Forgets everything and starts over, as somebody else or as nobody. */
export function startOver(): void {
  lastId = "";
  complete.value = false;
  forget(new Map());
  notices.value = [];
  retry.abort();
  unlocked();
}

addEventListener("online", reconnect);

// A browser has six connections to a hub for all its tabs: one that nobody has looked at for a while gives its up.
let asleep = false;
let dozing: ReturnType<typeof setTimeout> | undefined;
document.addEventListener("visibilitychange", () => {
  clearTimeout(dozing);
  if (document.hidden) {
    dozing = setTimeout(() => {
      asleep = true;
      retry.abort();
    }, doze);
    return;
  }
  asleep = false;
  if (line.value !== "live") reconnect();
});

export { Problem };
