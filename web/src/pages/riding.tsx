// One ride, from the moment it is booked until it is rated.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { hubNow } from "../app/clock.ts";
import { useFetched } from "../app/fetched.ts";
import { type Problem, send } from "../app/http.ts";
import { link } from "../app/router.ts";
import { number, t, tr } from "../app/words.ts";
import { type Area, asProblem, fetchArea, nameOf, type Ride, ridePath, type RideState, spotOf, type Stop, titleOf, useLive, type XY } from "../road/area.ts";
import { Cabin } from "../road/cabin.tsx";
import { type Mark, Overview } from "../road/overview.tsx";
import { band, far, hour, lasts, reasonText } from "../road/say.ts";
import { StopNow } from "../road/stopnow.tsx";
import { Icon } from "../ui/icon.tsx";
import { problemText } from "../ui/problem.ts";
import { say } from "../ui/say.tsx";
import { Title } from "../ui/title.tsx";
import { boxAround, keepRide, NoArea, stopMark } from "./ride.tsx";

const over: readonly RideState[] = ["ended", "cancelled", "failed"];
const inside: readonly RideState[] = ["boarding", "riding", "stopping", "stopped"];

/** Does something to a ride; what came of it shows by the ride's own stream. */
export type Deed = (name: string, body?: unknown, method?: string) => Promise<boolean>;

export function Riding({ id }: { id: string }) {
  const { data: ride, wrong, cut } = useLive<Ride>(ridePath(id), (r) => r.state === "cancelled" || r.state === "failed");
  const { data: area } = useFetched((s) => fetchArea(s), []);
  const problem = useSignal<Problem | undefined>(undefined);
  const r = ride.value;
  const state = r?.state;
  const head = useRef<HTMLHeadingElement>(null);
  const before = useRef<RideState | undefined>(undefined);
  useEffect(() => {
    if (!state) return;
    if (before.current !== undefined && before.current !== state) {
      problem.value = undefined;
      say(headOf(r));
    }
    before.current = state;
    if (over.includes(state)) keepRide(undefined);
    else keepRide(id);
  }, [state]);
  if (wrong.value && !r) {
    if (wrong.value.status === 404) keepRide(undefined);
    return wrong.value.status === 404 ? <GoneRide /> : <NoArea wrong={wrong.value} />;
  }
  if (!r) return <div class="card card-ghost" aria-hidden="true" />;
  const deed: Deed = async (name, body, method = "POST") => {
    problem.value = undefined;
    try {
      await send(method, ridePath(id, name), body);
      return true;
    } catch (e) {
      problem.value = asProblem(e);
      return false;
    }
  };
  const stops = area.value?.area.stops ?? [];
  const title = headOf(r);
  const aboard = inside.includes(r.state);
  return (
    <div class={"ride ride-" + r.state}>
      <Title text={title} />
      <div class="page-head ride-head">
        <h1 tabIndex={-1} ref={head}>
          {title}
        </h1>
        <p class="lede">
          <bdi>{nameOf(r.from, stops)}</bdi> <Icon name="arrow" class="toward" />
          <span class="unseen"> {t("ride.to")} </span> <bdi>{nameOf(r.to, stops)}</bdi>
        </p>
      </div>
      <Steps state={r.state} />
      {cut.value && !over.includes(r.state) && (
        <p class="note note-warn" role="status">
          {t("ride.cut")}
        </p>
      )}
      <div class="ride-grid">
        <div class="ride-map">
          <Picture r={r} area={area.value?.area} />
        </div>
        <div class="ride-side">
          <Now r={r} stops={stops} deed={deed} />
          {problem.value && (
            <p class="note note-bad" role="alert">
              {problemText(problem.value)}
            </p>
          )}
        </div>
      </div>
      {aboard && <StopNow id={id} state={r.state} own={r.stopper === "passenger"} />}
    </div>
  );
}

function GoneRide() {
  return (
    <>
      <Title text={t("ride.gone")} />
      <div class="page-head">
        <h1 tabIndex={-1}>{t("ride.gone")}</h1>
        <p class="lede">{t("ride.gone.text")}</p>
        <a class="button button-main" href={link("ride")}>
          {t("ride.title")}
        </a>
      </div>
    </>
  );
}

const headOf = (r: Ride | undefined): string => (r ? t(`ride.is.${r.state}`, { name: r.vehicle ? titleOf(r.vehicle) : t("ride.vehicle") }) : t("ride.title"));

const steps = ["waiting", "coming", "here", "riding", "arrived"] as const;

const stepOf: Record<RideState, number> = { waiting: 0, coming: 1, here: 2, boarding: 2, riding: 3, stopping: 3, stopped: 3, arrived: 4, ended: 4, cancelled: -1, failed: -1 };

/** How far the ride has come, as houses along a lane. */
function Steps({ state }: { state: RideState }) {
  const done = stepOf[state];
  if (done < 0) return null;
  return (
    <ol class="ride-steps" aria-label={t("ride.steps.title")}>
      {steps.map((s, i) => (
        <li key={s} aria-current={i === done ? "step" : undefined} data-done={i < done}>
          <span>{t(`ride.step.${s}`)}</span>
        </li>
      ))}
    </ol>
  );
}

/** The live picture: from above while one waits, from the cabin while one rides. */
function Picture({ r, area }: { r: Ride; area: Area | undefined }) {
  const route = r.route ?? [];
  if (r.vehicle && (r.state === "boarding" || r.state === "riding" || r.state === "stopping" || r.state === "stopped")) {
    return <Cabin vehicle={vehicleName(r.vehicle)} ride={r.id} route={route} />;
  }
  const stops = area?.stops ?? [];
  const from = spotOf(r.from, stops);
  const to = spotOf(r.to, stops);
  const path = r.card?.path ?? [];
  const done = r.state === "arrived" || r.state === "ended";
  const points: XY[] = [...[from, to].filter((p) => p !== undefined), ...(done ? path : [])];
  if (r.pose && !done) points.push([r.pose[0], r.pose[1]]);
  const ends = [r.from, r.to].map((e, i): Mark | undefined => {
    const spot = i === 0 ? from : to;
    return spot && stopMark({ id: "end" + i, name: nameOf(e, stops), x: spot[0], y: spot[1], heading: 0, stepFree: true }, i === 0 ? "from" : "to");
  });
  const shown = [done ? undefined : ends[0], r.state === "waiting" || done ? ends[1] : ends[1]].filter((m) => m !== undefined);
  return (
    <Overview
      label={t("ride.map")}
      box={boxAround(points, 45)}
      fitKey={[r.state, stops.length, from && r.pose ? Math.round(Math.log2(20 + Math.hypot(from[0] - r.pose[0], from[1] - r.pose[1]))) : ""].join()}
      movers={r.pose && r.vehicle && !done ? [{ id: r.vehicle.id, name: r.vehicle.name, pose: r.pose, tone: "mine" }] : []}
      route={done ? path : route}
      polygon={[]}
      marks={shown}
    />
  );
}

/** The name a vehicle has in addresses: the last part of its id. */
export const vehicleName = (v: { id: string; name: string }): string => v.id.split(":").pop() || v.name;

function Now({ r, stops, deed }: { r: Ride; stops: readonly Stop[]; deed: Deed }) {
  switch (r.state) {
    case "waiting":
      return (
        <section class="panel">
          <p>{t("ride.waiting")}</p>
          <Foot r={r} stops={stops} deed={deed} />
        </section>
      );
    case "coming":
    case "here":
      return <Meet r={r} stops={stops} deed={deed} />;
    case "boarding":
      return <Board r={r} stops={stops} deed={deed} />;
    case "riding":
    case "stopping":
    case "stopped":
      return <Aboard r={r} stops={stops} deed={deed} />;
    case "arrived":
    case "ended":
      return <Done r={r} deed={deed} />;
  }
  return (
    <section class="panel">
      <p>{r.why || t("ride.over")}</p>
      <a class="button button-main" href={link("ride")}>
        {t("ride.another")}
      </a>
    </section>
  );
}

/** Minutes until a moment. It is looked at again every few seconds, as the estimate moves with the vehicle. */
function Until({ words, moment, band: both }: { words: string; moment: string | null | undefined; band?: string | undefined }) {
  const tick = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => tick.value++, 5_000);
    return () => clearInterval(timer);
  }, []);
  void tick.value;
  if (!moment) return null;
  const left = (Date.parse(moment) - hubNow()) / 1000;
  return (
    <p class="eta">
      <span class="soft">{words}</span>
      <strong>{left < 20 ? t("ride.now") : both || lasts(Math.max(60, left))}</strong>
      <span class="soft">
        <time dateTime={moment}>{hour(Date.parse(moment))}</time>
      </span>
    </p>
  );
}

function bandText(r: Ride): string | undefined {
  const s = (v: string | number | null | undefined) => (typeof v === "string" ? (Date.parse(v) - hubNow()) / 1000 : undefined);
  const early = s(r.eta?.early);
  const late = s(r.eta?.late);
  return early !== undefined && late !== undefined && late > 0 ? band(Math.max(0, early), late) : undefined;
}

function VehicleFacts({ r }: { r: Ride }) {
  if (!r.vehicle) return null;
  return (
    <p class="vehicle-facts">
      <Icon name="shuttle" />
      <bdi class="strong">{titleOf(r.vehicle)}</bdi>
      {r.vehicle.colour && <span class="soft">{tr("paint", r.vehicle.colour, r.vehicle.colour)}</span>}
      {r.vehicle.plate && (
        <span class="plate">
          <span class="unseen">{t("ride.plate")} </span>
          <bdi dir="ltr">{r.vehicle.plate}</bdi>
        </span>
      )}
    </p>
  );
}

/** What sharing the vehicle means just now: stops for others, and a promise that is not kept. */
function Others({ r }: { r: Ride }) {
  if (!r.share || r.state === "here") return null;
  const unseen = r.state === "coming" && r.vehicle && !r.pose;
  return (
    <>
      {r.stops ? <p class="soft">{t("ride.stops", { n: r.stops })}</p> : null}
      {unseen && <p class="soft">{t("ride.unseen")}</p>}
      {r.late && <p role="status">{t("ride.late")}</p>}
    </>
  );
}

function Meet({ r, stops, deed }: { r: Ride; stops: readonly Stop[]; deed: Deed }) {
  const here = r.state === "here";
  const busy = useSignal(false);
  return (
    <section class="panel">
      {!here && <Until words={t("ride.pickup")} moment={r.eta?.pickup} band={bandText(r)} />}
      <Others r={r} />
      <VehicleFacts r={r} />
      {r.code && (
        <div class="code">
          <span class="soft">{t("ride.code")}</span>
          <strong dir="ltr" aria-label={r.code.split("").join(" ")}>
            {r.code}
          </strong>
        </div>
      )}
      {here ? (
        <>
          <p>{r.why || t("ride.check")}</p>
          <button
            class="button button-main button-wide"
            type="button"
            aria-busy={busy.value}
            onClick={async () => {
              if (busy.value) return;
              busy.value = true;
              await deed("unlock", { code: r.code });
              busy.value = false;
            }}
          >
            <Icon name="unlock" />
            {t("ride.unlock")}
          </button>
        </>
      ) : (
        r.reason && <p class="soft">{reasonText(r.reason.code, r.reason.words)}</p>
      )}
      <Foot r={r} stops={stops} deed={deed} />
    </section>
  );
}

function Board({ r, stops, deed }: { r: Ride; stops: readonly Stop[]; deed: Deed }) {
  const busy = useSignal(false);
  return (
    <section class="panel">
      <form
        class="board"
        onSubmit={async (e) => {
          e.preventDefault();
          if (busy.value) return;
          busy.value = true;
          await deed("start", { belts: true });
          busy.value = false;
        }}
      >
        <p>{t("ride.board")}</p>
        <label class="tick">
          <input type="checkbox" name="seated" required />
          <span>{t("ride.seated", { n: r.party })}</span>
        </label>
        <label class="tick">
          <input type="checkbox" name="belts" required />
          <span>{t("ride.belts")}</span>
        </label>
        <button class="button button-main button-wide" type="submit" aria-busy={busy.value}>
          {t("ride.start")}
        </button>
      </form>
      <Foot r={r} stops={stops} deed={deed} />
    </section>
  );
}

function Aboard({ r, stops, deed }: { r: Ride; stops: readonly Stop[]; deed: Deed }) {
  const stopped = r.state === "stopped";
  const busy = useSignal(false);
  return (
    <section class="panel">
      {r.state === "riding" && <Until words={t("ride.arrival")} moment={r.eta?.arrival} />}
      <Others r={r} />
      {r.state !== "riding" && (r.stopper === "another" ? <p>{t("ride.stopped.other")}</p> : r.why && <p>{r.why}</p>)}
      {stopped && r.stopper === "passenger" && (
        <button
          class="button button-main button-wide"
          type="button"
          aria-busy={busy.value}
          onClick={async () => {
            if (busy.value) return;
            busy.value = true;
            await deed("resume");
            busy.value = false;
          }}
        >
          <Icon name="play" />
          {t("ride.resume")}
        </button>
      )}
      <VehicleFacts r={r} />
      <div class="buttons">
        {r.state === "riding" && (
          <button class="button" type="button" onClick={async () => (await deed("pull-over")) && say(t("ride.pullover.said"))}>
            <Icon name="parking" />
            {t("ride.pullover")}
          </button>
        )}
        <Destination r={r} stops={stops} deed={deed} />
        <Help deed={deed} />
        {stopped && (
          <Ask button={t("ride.end")} title={t("ride.end.title")} icon="door" send={t("ride.end")} deed={() => deed("", undefined, "DELETE")}>
            <p>{t("ride.end.text")}</p>
          </Ask>
        )}
      </div>
    </section>
  );
}

function Foot({ r, stops, deed }: { r: Ride; stops: readonly Stop[]; deed: Deed }) {
  return (
    <div class="buttons">
      <Destination r={r} stops={stops} deed={deed} />
      <Help deed={deed} />
      <Ask button={t("ride.cancel")} title={t("ride.cancel.title")} icon="clear" send={t("ride.cancel")} deed={() => deed("", undefined, "DELETE")}>
        <p>{t("ride.cancel.text")}</p>
      </Ask>
    </div>
  );
}

function Destination({ r, stops, deed }: { r: Ride; stops: readonly Stop[]; deed: Deed }) {
  const to = useSignal("");
  const id = useId();
  if (stops.length === 0) return null;
  return (
    <Ask button={t("ride.change")} title={t("ride.change")} icon="flag" send={t("ride.change.go")} deed={() => deed("destination", { to: { stop: to.value } })}>
      <label for={id}>{t("ride.to")}</label>
      <select id={id} class="field" required value={to.value} onChange={(e) => (to.value = e.currentTarget.value)}>
        <option value="" disabled selected={to.value === ""}>
          {t("ride.choose")}
        </option>
        {stops.map((s) => (
          <option key={s.id} value={s.id} disabled={s.id === r.to.stop} selected={s.id === to.value}>
            {s.name}
          </option>
        ))}
      </select>
    </Ask>
  );
}

function Help({ deed }: { deed: Deed }) {
  const words = useSignal("");
  const said = useSignal(false);
  const id = useId();
  return (
    <>
      <Ask
        button={t("ride.help")}
        title={t("ride.help")}
        icon="person"
        send={t("ride.help.go")}
        deed={async () => {
          const ok = await deed("help", words.value ? { words: words.value } : {});
          if (ok) {
            said.value = true;
            say(t("ride.help.said"));
          }
          return ok;
        }}
      >
        <p>{t("ride.help.text")}</p>
        <label for={id}>{t("ride.help.words")}</label>
        <textarea id={id} class="field" rows={3} maxLength={500} dir="auto" value={words.value} onInput={(e) => (words.value = e.currentTarget.value)} />
      </Ask>
      {said.value && <p class="note note-good">{t("ride.help.said")}</p>}
    </>
  );
}

interface AskOf {
  button: string;
  title: string;
  icon: Icon;
  send: string;
  deed: () => Promise<boolean>;
  children: ComponentChildren;
}

/** A button that opens a sheet which asks for something. The sheet is not modal: what is around it, and above all Stop
    now, can be pressed all the time. */
function Ask({ button, title, icon, send: words, deed, children }: AskOf) {
  const dialog = useRef<HTMLDialogElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const busy = useSignal(false);
  const id = useId();
  const close = () => {
    const inside = dialog.current?.contains(document.activeElement);
    dialog.current?.close();
    if (inside) opener.current?.focus();
  };
  return (
    <>
      <button ref={opener} class="button" type="button" aria-haspopup="dialog" onClick={() => dialog.current?.show()}>
        <Icon name={icon} />
        {button}
      </button>
      <dialog
        ref={dialog}
        class="sheet sheet-beside"
        aria-labelledby={id}
        onKeyDown={(e) => {
          if (e.key !== "Escape") return;
          e.preventDefault();
          close();
        }}
      >
        <form
          onSubmit={async (e) => {
            e.preventDefault();
            if (busy.value) return;
            busy.value = true;
            await deed();
            busy.value = false;
            close(); // what went wrong is said on the page
          }}
        >
          <header class="sheet-head">
            <h2 id={id}>{title}</h2>
            <button class="icon-button" type="button" aria-label={t("button.close")} onClick={close}>
              <Icon name="clear" />
            </button>
          </header>
          <div class="fields">{children}</div>
          <div class="sheet-foot">
            <button class="button button-main" type="submit" aria-busy={busy.value}>
              {words}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

function Done({ r, deed }: { r: Ride; deed: Deed }) {
  const given = typeof r.rating === "number" ? r.rating : r.rating?.stars;
  return (
    <section class="panel">
      {r.card && (
        <p class="ride-sum">
          {t("ride.sum", { far: far(r.card.metres), time: lasts(r.card.seconds) })}
        </p>
      )}
      {given ? <p class="note note-good">{t("ride.rated", { n: given })}</p> : <Rate deed={deed} />}
      <div class="buttons">
        <a class="button button-main" href={link("ride", r.id, "card")}>
          <Icon name="picture" />
          {t("ride.card")}
        </a>
        <a class="button" href={link("ride")}>
          {t("ride.another")}
        </a>
      </div>
    </section>
  );
}

function Rate({ deed }: { deed: Deed }) {
  const stars = useSignal(0);
  const words = useSignal("");
  const id = useId();
  return (
    <form
      class="rate"
      onSubmit={(e) => {
        e.preventDefault();
        void deed("rate", { stars: stars.value, ...(words.value ? { words: words.value } : {}) });
      }}
    >
      <fieldset class="stars">
        <legend>{t("ride.rate")}</legend>
        {[1, 2, 3, 4, 5].map((n) => (
          <label key={n} data-on={n <= stars.value}>
            <input type="radio" name="stars" value={n} required checked={stars.value === n} onChange={() => (stars.value = n)} />
            <Icon name={n <= stars.value ? "starOn" : "star"} />
            <span class="unseen">
              {number(n)} / {number(5)}
            </span>
          </label>
        ))}
      </fieldset>
      {stars.value > 0 && (
        <>
          <label class="soft" for={id}>
            {t("ride.rate.words")}
          </label>
          <textarea id={id} class="field" rows={2} maxLength={500} dir="auto" value={words.value} onInput={(e) => (words.value = e.currentTarget.value)} />
          <button class="button" type="submit">
            {t("ride.rate.go")}
          </button>
        </>
      )}
    </form>
  );
}
