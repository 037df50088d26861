// The driving area as the hub tells it: where one can ride, rides, vehicles. All lengths in metres east and north of the
// area's origin, angles in radians counter-clockwise from east, times in seconds unless a name says otherwise.
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, Problem, send } from "../app/http.ts";
import { listen, StreamRefused } from "../app/sse.ts";

export type XY = [number, number];
export type Pose = [x: number, y: number, heading: number];

export interface Stop {
  id: string;
  name: string;
  x: number;
  y: number;
  heading: number;
  stepFree: boolean;
}

/** Where and when the area drives, and how fast. */
export interface Odd {
  polygon: XY[];
  from: string; // "06:00"
  to: string;
  maxSpeed: number; // km/h
  weather: string[];
  closed?: string; // why nobody may drive now
}

export interface Area {
  name: string;
  open: boolean;
  why: string;
  bounds: [number, number, number, number];
  odd: Odd;
  stops: Stop[];
}

export interface MapLane {
  id: string | number;
  kind: string;
  points: XY[];
  width: number;
  turn?: string;
}

export interface MapSignal {
  id: number;
  x: number;
  y: number;
  heading: number;
  thing?: string;
}

export interface RoadMap {
  lanes: MapLane[];
  signals: MapSignal[];
  crossings: XY[][];
  scenery?: { kind: string; name?: string; points: XY[] }[]; // "house", "green", "water": only drawn
}

/** One end of a ride: a stop by its id, or a pin. */
export interface End {
  stop?: string;
  name?: string;
  x?: number;
  y?: number;
}

export interface Offer {
  id: string;
  from: End;
  to: End;
  pickup: { seconds: number; early: number; late: number };
  ride: { seconds: number; metres: number; late?: number }; // late: at most, where it is shared
  share?: boolean;
  price: number;
  expires: string;
}

export type RideState =
  | "waiting"
  | "coming"
  | "here"
  | "boarding"
  | "riding"
  | "stopping"
  | "stopped"
  | "arrived"
  | "ended"
  | "cancelled"
  | "failed";

export interface Reason {
  code: string;
  words: string;
}

export interface Card {
  metres: number;
  seconds: number;
  co2Saved?: number; // grams
  path: XY[];
}

export interface Ride {
  id: string;
  state: RideState;
  why?: string;
  vehicle?: { id: string; name: string; plate?: string; colour?: string } | null;
  code?: string;
  from: End;
  to: End;
  party: number;
  eta?: { pickup?: string | null; arrival?: string | null; early?: string | number | null; late?: string | number | null } | null;
  pose?: Pose | null;
  route?: XY[] | null;
  reason?: Reason | null;
  stopper?: string; // "passenger" where they may let it go on themselves; "another" where another passenger must
  share?: boolean;
  stops?: number; // that the vehicle makes for others before it is this ride's turn
  late?: boolean; // a promise of a shared ride is not kept
  card?: Card | null;
  rating?: { stars: number } | number | null;
}

export interface AssistOption {
  id: string;
  words: string;
}

export interface Vehicle {
  id: string;
  name: string;
  plate?: string;
  state: string;
  battery?: number; // per cent
  pose?: Pose | null;
  speed?: number; // km/h
  ride?: unknown;
  assist?: { kind?: string; words?: string } | null;
  limit?: number; // km/h
  reason?: Reason | null;
  since?: string;
}

export interface Assist {
  id: string;
  vehicle: string;
  kind: string;
  words: string;
  options: AssistOption[];
  asked?: string;
  expires?: string;
}

/** A recording of what a vehicle knew and did around something that happened. */
export interface Incident {
  id: string;
  vehicle: string;
  cause: string;
  at: string;
  bytes: number;
}

const paths = {
  area: "road/area",
  map: "road/map",
  odd: "road/odd",
  offers: "road/offers",
  rides: "road/rides",
  vehicles: "road/vehicles",
  assists: "road/assists",
  incidents: "road/incidents",
  kpi: "road/reports/kpi.json",
};

export const at = paths;
export const ridePath = (id: string, deed = ""): string => `road/rides/${encodeURIComponent(id)}${deed && "/" + deed}`;
/** Where a vehicle shows its cabin view; the id of a ride in it lets its passenger look. */
export const cabinPath = (vehicle: string, ride = ""): string =>
  `road/vehicles/${encodeURIComponent(vehicle)}/cabin` + (ride && "?ride=" + encodeURIComponent(ride));

type Raw = Omit<Area, "stops"> & { stops?: (Omit<Stop, "stepFree"> & { stepFree?: boolean; "step-free"?: boolean })[] };

/** The area and the ETag to change its limits with; a Problem with status 404 where the hub has none. */
export async function fetchArea(signal?: AbortSignal): Promise<{ area: Area; tag: string }> {
  const answer = await send("GET", paths.area, undefined, signal ? { signal } : {});
  const raw = (await answer.json()) as Raw;
  const stops = (raw.stops ?? []).map((s) => ({ ...s, stepFree: s.stepFree ?? s["step-free"] ?? false }));
  return { area: { ...raw, stops }, tag: answer.headers.get("ETag") ?? "" };
}

let map: Promise<RoadMap> | undefined;

/** The area's road, fetched once for as long as the page is open. */
export function fetchMap(): Promise<RoadMap> {
  map ??= get<RoadMap>(paths.map, { cache: "default" });
  map.catch(() => (map = undefined));
  return map;
}

/** What a vehicle is called: "Shuttle 1" for one whose name is shuttle-1. */
export const titleOf = (v: { name: string }): string =>
  /^[a-z0-9]+(-[a-z0-9]+)*$/.test(v.name) ? v.name.charAt(0).toUpperCase() + v.name.slice(1).replaceAll("-", " ") : v.name;

/** What a place is called: its own name, the name of its stop, or "" for a pin. */
export function nameOf(end: End | undefined, stops: readonly Stop[]): string {
  return end?.name ?? stops.find((s) => s.id === end?.stop)?.name ?? "";
}

/** Where an end of a ride is, if that is known. */
export function spotOf(end: End | undefined, stops: readonly Stop[]): XY | undefined {
  const stop = stops.find((s) => s.id === end?.stop);
  if (stop) return [stop.x, stop.y];
  return end?.x !== undefined && end.y !== undefined ? [end.x, end.y] : undefined;
}

/** An idempotency key: the same wish sent twice is one wish. */
export const wishKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");

export interface Live<T> {
  data: Signal<T | undefined>;
  wrong: Signal<Problem | undefined>;
  cut: Signal<boolean>; // the line is down just now
}

/**
 * Follows what a path tells as server-sent events, each of which is the whole, for as long as the page shows it.
 * Nothing is followed while path is "". over says after which value nothing more is to be expected.
 */
export function useLive<T>(path: string, over: (v: T) => boolean = () => false, quiet = 40_000): Live<T> {
  const data = useSignal<T | undefined>(undefined);
  const wrong = useSignal<Problem | undefined>(undefined);
  const cut = useSignal(false);
  useEffect(() => {
    if (path === "") return;
    return follow(path, quiet, {
      take: (text) => {
        const v = JSON.parse(text) as T;
        data.value = v;
        return over(v);
      },
      up: () => {
        cut.value = false;
        wrong.value = undefined;
      },
      down: () => (cut.value = true),
      refused: (p) => (wrong.value = p),
    });
  }, [path]);
  return { data, wrong, cut };
}

export interface Follower {
  take: (text: string) => boolean; // true: that was the last one
  up?: () => void;
  down?: () => void;
  refused?: (p: Problem) => void; // it is not there, or not for us: it is not asked for again
}

/** Keeps a stream up until it is ended by what follow returns, or by the follower. */
export function follow(path: string, quiet: number, to: Follower): () => void {
  const stop = new AbortController();
  const again = new EventTarget();
  const wake = () => again.dispatchEvent(new Event("now"));
  addEventListener("online", wake);
  void (async () => {
    for (let wait = 300; !stop.signal.aborted; wait = Math.min(wait * 2, 5_000)) {
      let last = false;
      try {
        await listen(new URL(path, document.baseURI), {}, quiet, stop.signal, (list) => {
          wait = 300;
          to.up?.();
          for (const m of list) last = to.take(m.data) || last;
          if (last) stop.abort();
        });
      } catch (e) {
        if (stop.signal.aborted) return;
        if (e instanceof StreamRefused && e.status >= 400 && e.status < 500 && e.status !== 429) {
          to.refused?.(await refusal(path, e.status));
          return;
        }
      }
      if (last || stop.signal.aborted) return;
      to.down?.();
      await new Promise<void>((done) => {
        const timer = setTimeout(done, wait * (0.75 + Math.random() / 2));
        for (const target of [again, stop.signal]) {
          target.addEventListener(target === again ? "now" : "abort", () => (clearTimeout(timer), done()), { once: true });
        }
      });
    }
  })();
  return () => {
    removeEventListener("online", wake);
    stop.abort();
  };
}

async function refusal(path: string, status: number): Promise<Problem> {
  try {
    await get(path);
  } catch (e) {
    if (e instanceof Problem && e.status !== 0) return e;
  }
  return new Problem(status, "", "");
}

export const asProblem = (e: unknown): Problem => (e instanceof Problem ? e : new Problem(0, "", e instanceof Error ? e.message : String(e)));
