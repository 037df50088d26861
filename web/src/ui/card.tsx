// A Thing as a card: what it is, how it is, and the few controls that matter most.
import { happened, state, type Summary, td } from "../app/hub.ts";
import { link } from "../app/router.ts";
import { shows, type State } from "../app/state.ts";
import { age, moment, t, tag } from "../app/words.ts";
import { now } from "../app/clock.ts";
import { buttonsOf, type Device, deviceOf, heightOf, type Prop, rowsOf, wordOf } from "../td/device.ts";
import { speaks, textOf } from "../td/format.ts";
import { ActionButton } from "./actions.tsx";
import { AskedMark, AskedNote, PropRow, Switch, useProp, Value } from "./controls.tsx";
import { Icon } from "./icon.tsx";
import { sortOf } from "../td/sort.ts";

export type Level = 2 | 3 | 4;

const lit: Partial<Record<Icon, Icon>> = { lamp: "lampOn", lock: "unlock" };

/** A card whose name is a heading of this level. */
export function Card({ thing, level }: { thing: Summary; level: Level }) {
  const d = td(thing.id).value;
  return d ? <Full thing={thing} d={deviceOf(d, tag.value)} level={level} /> : <Empty thing={thing} level={level} />;
}

/** A card whose description has not come yet: its name is known, so it can be found and opened. */
function Empty({ thing, level }: { thing: Summary; level: Level }) {
  return (
    <article class="card card-empty">
      <header class="card-head">
        <span class="chip">
          <Icon name={sortOf(undefined, thing.title)} />
        </span>
        <div class="card-words">
          <Title thing={thing} title={thing.title} level={level} />
          <p class="card-state">…</p>
        </div>
      </header>
    </article>
  );
}

function Title({ thing, title, level }: { thing: Summary; title: string; level: Level }) {
  const H = `h${level}` as const;
  return (
    <H class="card-title">
      <a href={link("thing", thing.id)}>
        <bdi>{title}</bdi>
      </a>
    </H>
  );
}

function Full({ thing, d, level }: { thing: Summary; d: Device; level: Level }) {
  const most = 3;
  const word = d.lead ?? wordOf(d);
  const rows = rowsOf(d, most);
  const buttons = buttonsOf(d, 3);
  const readings = d.lead
    ? []
    : rows
        .filter((p) => !p.writable && isFigure(p))
        .sort((a, b) => b.weight - a.weight)
        .slice(0, 2);
  const rest = rows.filter((p) => !readings.includes(p));
  const on = useOn(thing.id, d);
  const worst = worstOf(thing.id, [word, ...rows].filter((p) => p !== undefined));
  const sort = on ? (lit[d.sort] ?? d.sort) : d.sort;
  return (
    <article class={"card" + (on ? " card-on" : "") + (heightOf(d) === 0 ? " card-small" : "")} data-quality={worst?.quality} data-sort={d.sort}>
      <header class="card-head">
        <span class="chip">
          <Icon name={sort} />
        </span>
        <div class="card-words">
          <Title thing={thing} title={d.title} level={level} />
          <p class="card-state">
            {word && <LeadState thing={thing.id} prop={word} />}
            {thing.simulated && <Simulated />}
          </p>
        </div>
        {d.lead && <Switch thing={thing.id} prop={d.lead} label={d.title + ": " + d.lead.title} />}
      </header>
      {d.lead && <LeadNote thing={thing.id} prop={d.lead} />}
      {readings.length > 0 && (
        <dl class="readings">
          {readings.map((p) => (
            <div key={p.name}>
              <dt>{p.title}</dt>
              <dd>
                <Value thing={thing.id} prop={p} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {rest.length > 0 && (
        <div class="rows">
          {rest.map((p) => (
            <PropRow key={p.name} thing={thing.id} prop={p} />
          ))}
        </div>
      )}
      {rows.length === 0 && !d.lead && d.events.length > 0 && <LastEvent thing={thing.id} d={d} />}
      {buttons.length > 0 && (
        <div class="buttons">
          {buttons.map((a) => (
            <ActionButton key={a.name} thing={thing.id} act={a} />
          ))}
        </div>
      )}
      {worst && <QualityNote is={worst} />}
    </article>
  );
}

const isFigure = (p: Prop): boolean => p.control.kind === "slider" || p.control.kind === "number";

function LeadState({ thing, prop }: { thing: string; prop: Prop }) {
  const { is, asked } = useProp({ thing, prop });
  if (asked?.stage === "sending" || asked?.stage === "taken") return <AskedMark asked={asked} />;
  if (!shows(is)) return <span class="nothing">{t(is.quality === "bad" ? "value.bad" : "value.unknown")}</span>;
  const text = textOf(is.value, prop.control, prop.schema, prop.name, prop.unit);
  if (prop.writable || speaks(prop.schema, prop.name)) return <span>{text}</span>;
  return (
    <span>
      {prop.title}: {text}
    </span>
  );
}

function LeadNote({ thing, prop }: { thing: string; prop: Prop }) {
  const { asked } = useProp({ thing, prop });
  return <AskedNote asked={asked} />;
}

function LastEvent({ thing, d }: { thing: string; d: Device }) {
  const last = d.events
    .map((e) => ({ e, h: happened(thing, e.name).value }))
    .filter((x) => x.h !== undefined)
    .sort((a, b) => (b.h?.time ?? 0) - (a.h?.time ?? 0))[0];
  return (
    <p class="card-event">
      <Icon name="event" />
      {last?.h ? `${last.e.title}, ${moment(last.h.time)}` : t("event.none")}
    </p>
  );
}

/** Whether the Thing is doing what its switch says, for the warm look of a card that is on. */
function useOn(thing: string, d: Device): boolean {
  if (!d.lead) return false;
  const is = state(thing, d.lead.name).value;
  const c = d.lead.control;
  return c.kind === "switch" && shows(is) && is.value === c.on && d.sort !== "lock";
}

/** The state least to be believed among those shown; undefined when all are good or nothing is known of any. */
export function worstOf(thing: string, props: Prop[]): State | undefined {
  const all = props.map((p) => state(thing, p.name).value);
  const rank: Record<string, number> = { bad: 0, stale: 1, restored: 2, uncertain: 3 };
  return all.filter((s) => s.quality in rank).sort((a, b) => (rank[a.quality] ?? 9) - (rank[b.quality] ?? 9))[0];
}

/** What is the matter with a value, and since when it has been so. */
export function QualityNote({ is }: { is: State }) {
  const icon = ({ stale: "offline", restored: "restored", uncertain: "why", bad: "bad" } as const)[is.quality as "stale"] ?? "why";
  return (
    <p class={"quality quality-" + is.quality}>
      <Icon name={icon} />
      <span>
        {t(`quality.${is.quality}`)}
        {is.time > 0 && <span class="quality-age"> {t("quality.heard", { age: age(is.time, now.value) })}</span>}
      </span>
    </p>
  );
}

export function Simulated() {
  return (
    <span class="simulated">
      <Icon name="simulated" />
      {t("simulated")}
    </span>
  );
}
