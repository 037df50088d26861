// A ride: where from and where to, an offer, and then the ride itself.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Problem } from "../app/http.ts";
import { send } from "../app/http.ts";
import { hubNow, now } from "../app/clock.ts";
import { useFetched } from "../app/fetched.ts";
import { go, link } from "../app/router.ts";
import { number, t } from "../app/words.ts";
import { type Area, asProblem, at, fetchArea, nameOf, type Offer, type Ride, type Stop, titleOf, type Vehicle, wishKey, type XY } from "../road/area.ts";
import type { Box } from "../road/ground.ts";
import { type Mark, type Mover, Overview } from "../road/overview.tsx";
import { band, far, lasts } from "../road/say.ts";
import { useLive } from "../road/area.ts";
import { Icon } from "../ui/icon.tsx";
import { problemText } from "../ui/problem.ts";
import { say } from "../ui/say.tsx";
import { Title } from "../ui/title.tsx";
import { RideCard } from "./ridecard.tsx";
import { Riding } from "./riding.tsx";

export function RidePages({ args }: { args: string[] }) {
  const [id, part] = args;
  if (id === undefined) return <Booking />;
  return part === "card" ? <RideCard key={id} id={id} /> : <Riding key={id} id={id} />;
}

/** Where the hub has no driving area, or is out of reach, says so. */
export function NoArea({ wrong }: { wrong: Problem }) {
  const none = wrong.status === 404;
  const title = t(none ? "road.none" : "ride.title");
  return (
    <>
      <Title text={title} />
      <div class="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        <p class="lede">{none ? t("road.none.text") : problemText(wrong)}</p>
        <a class="button" href={link("")}>
          {t("nav.home")}
        </a>
      </div>
    </>
  );
}

function Booking() {
  const { data, wrong } = useFetched((s) => fetchArea(s), [], 30_000);
  const area = data.value?.area;
  if (wrong.value && !area) return <NoArea wrong={wrong.value} />;
  return (
    <>
      <Title text={t("ride.title")} />
      <div class="page-head">
        <h1 tabIndex={-1}>{t("ride.title")}</h1>
        <p class="lede">{t("ride.lede")}</p>
      </div>
      <Again />
      {area ? <Choose area={area} /> : <div class="card card-ghost" aria-hidden="true" />}
    </>
  );
}

const kept = "hutong.ride";

/** Remembers the ride of this browser, so that a closed page is no lost ride. */
export function keepRide(id: string | undefined): void {
  try {
    if (id === undefined) localStorage.removeItem(kept);
    else localStorage.setItem(kept, id);
  } catch {
    // Then its address is the only way back.
  }
}

function keptRide(): string {
  try {
    return localStorage.getItem(kept) ?? "";
  } catch {
    return "";
  }
}

function Again() {
  const id = keptRide();
  if (id === "") return null;
  return (
    <p class="ride-again">
      <Icon name="shuttle" />
      <span>{t("ride.again")}</span>
      <a class="button button-main" href={link("ride", id)}>
        {t("ride.again.go")}
      </a>
    </p>
  );
}

export function boxAround(points: readonly XY[], room: number): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    box[0] = Math.min(box[0], x - room);
    box[1] = Math.min(box[1], y - room);
    box[2] = Math.max(box[2], x + room);
    box[3] = Math.max(box[3], y + room);
  }
  return points.length > 0 ? box : [-100, -100, 100, 100];
}

/** What of an area is worth seeing first: all of it, or in a large one where its stops are. */
export function areaBox(area: Area): Box {
  const whole = area.odd.polygon.length > 2 ? boxAround(area.odd.polygon, 15) : area.bounds;
  if (area.stops.length < 2) return whole;
  const stops = boxAround(area.stops.map((s) => [s.x, s.y]), 60);
  const size = (b: Box) => (b[2] - b[0]) * (b[3] - b[1]);
  return size(stops) < size(whole) / 3 ? stops : whole;
}

interface Wish {
  from: string;
  to: string;
  party: number;
  wheelchair: boolean;
  share: boolean;
}

function Choose({ area }: { area: Area }) {
  const wish = useSignal<Wish>({ from: "", to: "", party: 1, wheelchair: false, share: false });
  const offer = useSignal<Offer | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  const busy = useSignal(false);
  const key = useRef("");
  const offered = useRef<HTMLHeadingElement>(null);
  const { data: fleet } = useLive<Vehicle[]>(at.vehicles);
  const set = (change: Partial<Wish>) => {
    wish.value = { ...wish.value, ...change };
    offer.value = undefined;
    problem.value = undefined;
  };
  const pick = (s: Stop) => {
    const { from, to } = wish.value;
    if (from === s.id) set({ from: "" });
    else if (to === s.id) set({ to: "" });
    else if (from === "") set({ from: s.id });
    else set({ to: s.id });
  };
  const ask = async () => {
    const { from, to, party, wheelchair, share } = wish.value;
    busy.value = true;
    problem.value = undefined;
    try {
      const answer = await send("POST", at.offers, { from: { stop: from }, to: { stop: to }, party, ...(wheelchair ? { wheelchair } : {}), ...(share ? { share } : {}) });
      offer.value = (await answer.json()) as Offer;
      key.current = wishKey();
      say(t("ride.pickup.in", { band: bandOf(offer.value) }));
      requestAnimationFrame(() => offered.current?.focus());
    } catch (e) {
      problem.value = asProblem(e);
    } finally {
      busy.value = false;
    }
  };
  const book = async () => {
    const of = offer.value;
    if (!of) return;
    busy.value = true;
    problem.value = undefined;
    try {
      const answer = await send("POST", at.rides, { offer: of.id }, { headers: { Accept: "application/json", "Content-Type": "application/json", "Idempotency-Key": key.current } });
      const ride = (await answer.json().catch(() => undefined)) as Ride | undefined;
      const id = ride?.id ?? decodeURIComponent((answer.headers.get("Location") ?? "").split("/").pop() ?? "");
      keepRide(id);
      go(link("ride", id));
    } catch (e) {
      problem.value = asProblem(e);
      if (problem.value.status === 404 || problem.value.status === 410 || problem.value.status === 409) offer.value = undefined;
    } finally {
      busy.value = false;
    }
  };
  const { from, to } = wish.value;
  const route: XY[] = [];
  return (
    <div class="ride-grid">
      <div class="ride-map">
        <Overview
          label={t("ride.map")}
          box={areaBox(area)}
          fitKey={area.name}
          movers={moversOf(fleet.value ?? [])}
          route={route}
          polygon={area.odd.polygon}
          marks={area.stops.map((s) => stopMark(s, s.id === from ? "from" : s.id === to ? "to" : undefined, () => pick(s)))}
        />
      </div>
      <div class="ride-side">
        {!area.open && (
          <p class="note note-bad" role="status">
            {t("ride.closed", { why: area.why || t("ride.hours", { from: area.odd.from, to: area.odd.to }) })}
          </p>
        )}
        <form
          class="panel ride-form"
          onSubmit={(e) => {
            e.preventDefault();
            void ask();
          }}
        >
          <div class="ends">
            <StopField name="from" words={t("ride.from")} stops={area.stops} value={from} not={to} step={wish.value.wheelchair} change={(v) => set({ from: v })} />
            <StopField name="to" words={t("ride.to")} stops={area.stops} value={to} not={from} step={wish.value.wheelchair} change={(v) => set({ to: v })} />
            <button class="icon-button ends-swap" type="button" aria-label={t("ride.swap")} title={t("ride.swap")} onClick={() => set({ from: to, to: from })}>
              <Icon name="swap" />
            </button>
          </div>
          <fieldset class="segments ride-party">
            <legend>{t("ride.party")}</legend>
            {[1, 2, 3, 4, 5, 6].map((n) => (
              <label key={n}>
                <input type="radio" name="party" value={n} checked={wish.value.party === n} onChange={() => set({ party: n })} />
                <span>{number(n)}</span>
              </label>
            ))}
          </fieldset>
          <label class="tick">
            <input type="checkbox" checked={wish.value.wheelchair} onChange={(e) => set(e.currentTarget.checked ? { wheelchair: true, share: false } : { wheelchair: false })} />
            <Icon name="wheelchair" />
            <span>{t("ride.stepfree")}</span>
          </label>
          <label class="tick">
            <input type="checkbox" name="share" checked={wish.value.share} disabled={wish.value.wheelchair} onChange={(e) => set({ share: e.currentTarget.checked })} />
            <Icon name="visit" />
            <span>{t("ride.share")}</span>
          </label>
          {problem.value && (
            <p class="note note-bad" role="alert">
              {problemText(problem.value)}
            </p>
          )}
          {!offer.value && (
            <button class="button button-main button-wide" type="submit" aria-busy={busy.value}>
              {t("ride.ask")}
            </button>
          )}
        </form>
        {offer.value && (
          <section class="panel offer" aria-labelledby="offer">
            <h2 id="offer" ref={offered} tabIndex={-1}>
              {t("ride.offer")}
            </h2>
            <p class="offer-time">
              <span class="soft">{t("ride.pickup")}</span>
              <strong>{bandOf(offer.value)}</strong>
            </p>
            <p class="offer-way">
              <bdi>{nameOf(offer.value.from, area.stops) || nameOf({ stop: from }, area.stops)}</bdi>
              <Icon name="arrow" class="toward" />
              <bdi>{nameOf(offer.value.to, area.stops) || nameOf({ stop: to }, area.stops)}</bdi>
            </p>
            <ul class="offer-facts">
              <li>
                <Icon name="clock" />
                {t("ride.takes", { time: lasts(offer.value.ride.seconds) })}
              </li>
              {offer.value.share && offer.value.ride.late !== undefined && (
                <li>
                  <Icon name="visit" />
                  {t("ride.takes.most", { time: lasts(offer.value.ride.late) })}
                </li>
              )}
              <li>
                <Icon name="way" />
                {far(offer.value.ride.metres)}
              </li>
              <li>
                <Icon name="ticket" />
                {offer.value.price === 0 ? t("ride.free") : number(offer.value.price)}
              </li>
            </ul>
            <OfferFoot offer={offer.value} busy={busy.value} book={book} again={ask} />
          </section>
        )}
        <p class="soft ride-small">{t("ride.simulated")}</p>
      </div>
    </div>
  );
}

function OfferFoot({ offer, busy, book, again }: { offer: Offer; busy: boolean; book: () => Promise<void>; again: () => Promise<void> }) {
  const tick = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => tick.value++, 1_000);
    return () => clearInterval(timer);
  }, []);
  void tick.value;
  void now.value;
  const left = (Date.parse(offer.expires) - hubNow()) / 1000;
  if (left <= 0) {
    return (
      <button class="button button-main button-wide" type="button" aria-busy={busy} onClick={() => void again()}>
        {t("ride.ask.again")}
      </button>
    );
  }
  return (
    <>
      <button class="button button-main button-wide" type="button" aria-busy={busy} onClick={() => busy || void book()}>
        {t("ride.book")}
      </button>
      <p class="soft">{t("ride.expires", { time: lasts(left) })}</p>
    </>
  );
}

const bandOf = (o: Offer): string => band(o.pickup.early ?? o.pickup.seconds, o.pickup.late ?? o.pickup.seconds);

interface StopFieldOf {
  name: string;
  words: string;
  stops: readonly Stop[];
  value: string;
  not: string;
  step: boolean;
  change: (id: string) => void;
}

function StopField({ name, words, stops, value, not, step, change }: StopFieldOf) {
  return (
    <label class={"end end-" + name}>
      <span class="end-dot" aria-hidden="true" />
      <span class="end-words">{words}</span>
      <select class="field" name={name} required value={value} onChange={(e) => change(e.currentTarget.value)}>
        <option value="" disabled selected={value === ""}>
          {t("ride.choose")}
        </option>
        {stops.map((s) => (
          <option key={s.id} value={s.id} selected={s.id === value} disabled={s.id === not || (step && !s.stepFree)}>
            {s.name}
            {s.stepFree ? "" : " – " + t("ride.steps")}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A stop on the map: a button where it can be chosen. */
export function stopMark(s: Stop, is: "from" | "to" | undefined, pick?: () => void): Mark {
  const label = is === undefined ? s.name : `${t(is === "from" ? "ride.from" : "ride.to")}: ${s.name}`;
  return {
    key: s.id,
    at: [s.x, s.y],
    node: (
      <>
        {pick ? (
          <button class={"stop-mark" + (is ? " stop-" + is : "")} type="button" data-kept={is} aria-label={label} aria-pressed={is !== undefined} onClick={pick}>
            <span aria-hidden="true" />
          </button>
        ) : (
          <span class={"stop-mark" + (is ? " stop-" + is : "")} data-kept={is}>
            <span aria-hidden="true" />
          </span>
        )}
        <span class="mark-label" aria-hidden={pick !== undefined}>
          <bdi>{s.name}</bdi>
        </span>
      </>
    ),
  };
}

export function toneOf(v: Vehicle): Mover["tone"] {
  if (v.state === "fail-safe" || v.state === "stopped" || v.state === "offline") return "bad";
  return v.ride ? "busy" : "free";
}

export const moversOf = (list: readonly Vehicle[]): Mover[] =>
  list.flatMap((v) => (v.pose ? [{ id: v.id, name: titleOf(v), pose: v.pose, tone: toneOf(v) }] : []));
