// All Things as a list that answers each key.
import { computed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { complete, state, type Summary, td, things } from "../app/hub.ts";
import { go, link, route } from "../app/router.ts";
import { shows } from "../app/state.ts";
import { pathTo, quarter, type Spot } from "../app/tree.ts";
import { t, tag } from "../app/words.ts";
import { deviceOf, wordOf } from "../td/device.ts";
import { sortOf } from "../td/sort.ts";
import { Simulated } from "../ui/card.tsx";
import { Switch, Value } from "../ui/controls.tsx";
import { Icon } from "../ui/icon.tsx";
import { Title } from "../ui/title.tsx";
import { Windowed } from "../ui/windowed.tsx";
import { First } from "./first.tsx";
import { Waiting } from "./home.tsx";

interface Row {
  thing: Summary;
  place: string; // in words
  hay: string; // what a search looks in, folded
}

/** Letters without their case and marks: "Küche" is found by "kuche". */
export const fold = (s: string): string => s.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const rows = computed<Row[]>(() => {
  const words = new Map<string, string>();
  const walk = (s: Spot, path: string) => {
    words.set(s.id, path);
    for (const i of s.inside) walk(i, path ? path + " / " + i.title : i.title);
  };
  walk(quarter.value, "");
  const list = [...things.value.values()].map((thing) => {
    const place = words.get(thing.place) ?? thing.place;
    return { thing, place, hay: fold(thing.title + " " + place + " " + thing.id) };
  });
  const order = new Intl.Collator(tag.value, { numeric: true });
  return list.sort((a, b) => order.compare(a.thing.title, b.thing.title));
});

/** The rows that hold every word of the search, those with a name that begins so first. */
export function find(list: Row[], search: string, place: string): Row[] {
  const words = fold(search).split(/\s+/).filter((w) => w !== "");
  const in_ = place === "" ? list : list.filter((r) => r.thing.place === place || r.thing.place.startsWith(place + "/"));
  if (words.length === 0) return in_;
  const first: Row[] = [];
  const then: Row[] = [];
  for (const r of in_) {
    if (!words.every((w) => r.hay.includes(w))) continue;
    (r.hay.startsWith(words[0] ?? "") ? first : then).push(r);
  }
  return [...first, ...then];
}

let wanted = false; // somebody pressed "/" on another page

/** Has "/" go to the search from every page. */
export function searchByKey(): void {
  addEventListener("keydown", (e) => {
    if (!isSlash(e) || route.value.page === "things") return;
    e.preventDefault();
    wanted = true;
    go(link("things"));
  });
}

function isSlash(e: KeyboardEvent): boolean {
  if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey) return false;
  return !(e.target as Element).matches("input, textarea, select, dialog *");
}

export function Things() {
  const search = useSignal(route.value.query.get("q") ?? "");
  const box = useRef<HTMLInputElement>(null);
  const place = route.value.query.get("place") ?? "";
  useEffect(() => {
    if (wanted) box.current?.focus();
    wanted = false;
    const key = (e: KeyboardEvent) => isSlash(e) && (e.preventDefault(), box.current?.focus());
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  if (!complete.value) return <Waiting />;
  if (things.value.size === 0) return <First />;
  const found = find(rows.value, search.value, place);
  const set = (q: string, p: string) => {
    const params = new URLSearchParams();
    if (q) params.set("q", q);
    if (p) params.set("place", p);
    const text = params.toString();
    go(link("things") + (text ? "?" + text : ""), true);
  };
  return (
    <>
      <Title text={t("nav.things")} />
      <div class="page-head">
        <h1 tabIndex={-1}>{t("nav.things")}</h1>
        <p class="lede" role="status">
          {search.value || place
            ? t("things.found", { n: found.length, all: things.value.size })
            : t("things.count", { n: things.value.size })}
        </p>
      </div>
      <search class="search">
        <label class="search-box">
          <Icon name="search" />
          <span class="unseen">{t("things.search")}</span>
          <input
            ref={box}
            class="field"
            type="search"
            autocomplete="off"
            spellcheck={false}
            dir="auto"
            placeholder={t("things.search")}
            value={search.value}
            onInput={(e) => (search.value = e.currentTarget.value)}
            onChange={() => set(search.value, place)}
          />
        </label>
        <label class="search-place">
          <span class="unseen">{t("things.where")}</span>
          <select class="field" onChange={(e) => set(search.value, e.currentTarget.value)}>
            <option value="">{t("place.everywhere")}</option>
            <PlaceOptions of={quarter.value} place={place} />
          </select>
        </label>
      </search>
      {found.length === 0 ? (
        <div class="empty">
          <Icon name="search" />
          <p>{t("things.none", { q: search.value })}</p>
          <button
            class="button"
            type="button"
            onClick={() => {
              search.value = "";
              set("", "");
              box.current?.focus();
            }}
          >
            {t("things.clear")}
          </button>
        </div>
      ) : (
        <Windowed items={found} label={t("nav.things")} rem={4} id={(r) => r.thing.id} row={(r) => <ThingRow row={r} />} />
      )}
    </>
  );
}

function PlaceOptions({ of, place }: { of: Spot; place: string }) {
  return (
    <>
      {of.inside.map((s) => (
        <>
          <option key={s.id} value={s.id} selected={s.id === place}>
            {"\u2003".repeat(s.depth - 1) + s.title}
          </option>
          <PlaceOptions of={s} place={place} />
        </>
      ))}
    </>
  );
}

function ThingRow({ row }: { row: Row }) {
  const { thing } = row;
  const desc = td(thing.id).value;
  const d = desc ? deviceOf(desc, tag.value) : undefined;
  const main = d?.lead ?? (d && wordOf(d)) ?? [...(d?.props ?? [])].filter((p) => p.readable && p.weight > 5).sort((a, b) => b.weight - a.weight)[0];
  const is = main ? state(thing.id, main.name).value : undefined;
  const on = d?.lead && d.lead.control.kind === "switch" && is && shows(is) && is.value === d.lead.control.on;
  return (
    <div class={on ? "thing-row thing-row-on" : "thing-row"} data-quality={is?.quality}>
      <span class="chip">
        <Icon name={d?.sort ?? sortOf(undefined, thing.title)} />
      </span>
      <span class="thing-row-words">
        <a href={link("thing", thing.id)}>
          <bdi>{d?.title ?? thing.title}</bdi>
        </a>
        <span class="thing-row-place">
          <bdi>{row.place || pathTo(thing.place).map((p) => p.title).join(" / ") || t("place.none")}</bdi>
          {thing.simulated && <Simulated />}
          {is?.quality === "stale" && <span class="tag">{t("quality.short.stale")}</span>}
        </span>
      </span>
      {main && (
        <span class="thing-row-value">
          {main === d?.lead ? <Switch thing={thing.id} prop={main} label={d.title + ": " + main.title} /> : <Value thing={thing.id} prop={main} />}
        </span>
      )}
    </div>
  );
}
