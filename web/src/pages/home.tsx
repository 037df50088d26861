// Home: the quarter by place. Courts, the rooms in them, and every Thing as a card.
import { complete, session, type Summary, td, things } from "../app/hub.ts";
import { link } from "../app/router.ts";
import { pathTo, quarter, type Spot, spotAt } from "../app/tree.ts";
import { t, tag } from "../app/words.ts";
import { deviceOf, heightOf } from "../td/device.ts";
import { placeIcon, rankOf, sortOf } from "../td/sort.ts";
import { Card, type Level } from "../ui/card.tsx";
import { Glance } from "../ui/glance.tsx";
import { Icon } from "../ui/icon.tsx";
import { Lazy } from "../ui/lazy.tsx";
import { Title } from "../ui/title.tsx";
import { First } from "./first.tsx";

export const placeLink = (id: string): string => (id === "" ? link("") : link("place", ...id.split("/")));

const crowd = 60; // more than this many cards in one room is a list, not a room

export function Home() {
  if (!complete.value) return <Waiting />;
  const root = quarter.value;
  if (root.count === 0) return <First />;
  const simulated = [...things.value.values()].every((s) => s.simulated);
  return (
    <>
      <Title text={t("home.title")} />
      <div class="page-head">
        <h1 tabIndex={-1}>{t("home.title")}</h1>
        <p class="lede">
          {t("home.count", { things: root.count, courts: root.inside.length })}
          {simulated && session.value.mode === "open" && <> {t("home.demo")}</>}
        </p>
      </div>
      <Glance of={root} />
      <CourtChips />
      {root.inside.map((court) => (
        <Court key={court.id} court={court} />
      ))}
      {root.things.length > 0 && (
        <section class="court">
          <h2 class="court-title">
            <Icon name="pin" />
            {t("place.none")}
          </h2>
          <Cards spot={root} level={3} />
        </section>
      )}
    </>
  );
}

/** One court, building or room by itself. */
export function Place({ id }: { id: string }) {
  if (!complete.value) return <Waiting />;
  const spot = spotAt(id);
  if (!spot) {
    return (
      <>
        <Title text={t("place.gone")} />
        <div class="page-head">
          <h1 tabIndex={-1}>{t("place.gone")}</h1>
          <p class="lede">{t("place.gone.text")}</p>
          <a class="button" href={link("")}>
            {t("nav.home")}
          </a>
        </div>
      </>
    );
  }
  const up = pathTo(id).slice(0, -1);
  return (
    <>
      <Title text={spot.title} />
      <div class="page-head">
        <Crumbs path={up} />
        <h1 tabIndex={-1}>
          <bdi>{spot.title}</bdi>
        </h1>
        <p class="lede">{t("place.count", { things: spot.count })}</p>
      </div>
      <Glance of={spot} />
      <CourtChips here={id.split("/")[0] ?? ""} />
      {id === "road" && <RideTile />}
      {spot.things.length > 0 && <Room spot={spot} level={2} bare />}
      <Rooms of={spot} level={2} />
    </>
  );
}

export function Crumbs({ path }: { path: { id: string; title: string }[] }) {
  return (
    <nav class="crumbs" aria-label={t("place.path")}>
      <ol>
        <li>
          <a href={link("")}>{t("home.title")}</a>
        </li>
        {path.map((p) => (
          <li key={p.id}>
            <Icon name="arrow" />
            <a href={placeLink(p.id)}>
              <bdi>{p.title}</bdi>
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function CourtChips({ here }: { here?: string }) {
  const courts = quarter.value.inside;
  if (courts.length < 2) return null;
  return (
    <nav class="chips" aria-label={t("place.courts")}>
      <a class="pick" href={link("")} aria-current={here === undefined ? "page" : undefined}>
        {t("place.all")}
      </a>
      {courts.map((c) => (
        <a key={c.id} class="pick" href={placeLink(c.id)} aria-current={here === c.id ? "page" : undefined}>
          <Icon name={placeIcon(c.id)} />
          <bdi>{c.title}</bdi>
        </a>
      ))}
    </nav>
  );
}

function Court({ court }: { court: Spot }) {
  return (
    <section class="court" aria-labelledby={"court-" + court.id}>
      <h2 class="court-title" id={"court-" + court.id}>
        <Icon name={placeIcon(court.id)} />
        <a href={placeLink(court.id)}>
          <bdi>{court.title}</bdi>
        </a>
        <span class="count">{t("place.count", { things: court.count })}</span>
      </h2>
      {court.id === "road" && <RideTile />}
      {court.things.length > 0 && <Room spot={court} level={3} bare />}
      <Rooms of={court} level={3} />
    </section>
  );
}

/** What one can do on the road: ride on it, and watch it. */
function RideTile() {
  return (
    <div class="ride-tile">
      <span class="chip chip-big">
        <Icon name="shuttle" />
      </span>
      <p class="ride-tile-words">
        <a class="strong" href={link("ride")}>
          {t("home.ride")}
        </a>
        <span class="soft">{t("home.ride.text")}</span>
      </p>
      <a class="button" href={link("road")}>
        {t("home.wall")}
      </a>
    </div>
  );
}

/** The rooms inside a place; buildings and floors are walked through, and named where a room's name alone is not enough. */
function Rooms({ of, level }: { of: Spot; level: 2 | 3 }) {
  const rooms: { spot: Spot; via: string[] }[] = [];
  const walk = (s: Spot, via: string[]) => {
    for (const i of s.inside) {
      if (i.things.length > 0) rooms.push({ spot: i, via });
      walk(i, [...via, i.title]);
    }
  };
  walk(of, []);
  if (rooms.length === 0) return null;
  return (
    <div class="lane">
      {rooms.map(({ spot, via }) => (
        <Room key={spot.id} spot={spot} via={via} level={level} />
      ))}
    </div>
  );
}

/** A room with its cards; level is that of its heading, or of the cards where it is bare. */
function Room({ spot, level, via = [], bare = false }: { spot: Spot; level: 2 | 3; via?: string[]; bare?: boolean }) {
  const H = `h${level}` as const;
  return (
    <section class={bare ? "room room-bare" : "room"}>
      {!bare && (
        <H class="room-title">
          <a href={placeLink(spot.id)}>
            {via.length > 0 && <span class="via">{via.join(" · ") + " · "}</span>}
            <bdi>{spot.title}</bdi>
          </a>
        </H>
      )}
      <Cards spot={spot} level={bare ? level : ((level + 1) as Level)} />
    </section>
  );
}

function Cards({ spot, level }: { spot: Spot; level: Level }) {
  const order = (s: Summary) => {
    const desc = td(s.id).value;
    const tall = desc ? Math.min(7, heightOf(deviceOf(desc, tag.value))) : 0;
    return (7 - tall) * 10 + rankOf(sortOf(desc, s.title));
  };
  const shown = spot.things
    .slice(0, crowd)
    .map((s) => ({ s, at: order(s) }))
    .sort((a, b) => a.at - b.at)
    .map(({ s }) => s);
  const columns = Math.max(1, Math.floor((Math.min(innerWidth, 1600) - 280) / 300));
  return (
    <Lazy height={Math.ceil(shown.length / columns) * 190}>
      {() => (
        <>
          <ul class="cards">
            {shown.map((s) => (
              <li key={s.id}>
                <Card thing={s} level={level} />
              </li>
            ))}
          </ul>
          {spot.things.length > crowd && (
            <p>
              <a class="button" href={link("things") + "?place=" + encodeURIComponent(spot.id)}>
                {t("place.more", { n: spot.things.length - crowd })}
              </a>
            </p>
          )}
        </>
      )}
    </Lazy>
  );
}

/** What shows before the hub has said anything. */
export function Waiting() {
  return (
    <div class="waiting">
      <h1 class="unseen" tabIndex={-1}>
        {t("line.connecting")}
      </h1>
      <div class="cards" aria-hidden="true">
        {[0, 1, 2, 3, 4, 5].map((i) => (
          <div key={i} class="card card-ghost" />
        ))}
      </div>
    </div>
  );
}
