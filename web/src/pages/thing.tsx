// One Thing: all it can do, all it has said, its past, and its description.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Span } from "../app/history.ts";
import { get, Problem, thingPath } from "../app/http.ts";
import { complete, happened, state, type Summary, td, things } from "../app/hub.ts";
import { now } from "../app/clock.ts";
import { link } from "../app/router.ts";
import { shows } from "../app/state.ts";
import { pathTo } from "../app/tree.ts";
import { age, fullMoment, moment, t, tag } from "../app/words.ts";
import { type Device, deviceOf, type Prop } from "../td/device.ts";
import { structure } from "../td/format.ts";
import { affordanceIcon } from "../td/sort.ts";
import type { TD } from "../td/td.ts";
import { ActionButton } from "../ui/actions.tsx";
import { QualityNote, Simulated, worstOf } from "../ui/card.tsx";
import { Chart } from "../ui/chart.tsx";
import { PropRow, Value } from "../ui/controls.tsx";
import { Icon } from "../ui/icon.tsx";
import { Title } from "../ui/title.tsx";
import { Crumbs, Waiting } from "./home.tsx";

export function ThingPage({ id }: { id: string }) {
  if (!complete.value) return <Waiting />;
  const thing = things.value.get(id);
  if (!thing) {
    return (
      <>
        <Title text={t("thing.gone")} />
        <div class="page-head">
          <h1 tabIndex={-1}>{t("thing.gone")}</h1>
          <p class="lede">{t("thing.gone.text")}</p>
          <a class="button" href={link("things")}>
            {t("nav.things")}
          </a>
        </div>
      </>
    );
  }
  const desc = td(id).value;
  if (!desc) return <Waiting />;
  return <Detail thing={thing} desc={desc} d={deviceOf(desc, tag.value)} />;
}

function Detail({ thing, desc, d }: { thing: Summary; desc: TD; d: Device }) {
  const worst = worstOf(thing.id, d.props);
  const controls = d.props.filter((p) => p.writable);
  const readings = d.props.filter((p) => !p.writable);
  return (
    <>
      <Title text={d.title} />
      <div class="page-head thing-head">
        <Crumbs path={pathTo(thing.place)} />
        <div class="thing-name">
          <span class="chip chip-big">
            <Icon name={d.sort} />
          </span>
          <div>
            <h1 tabIndex={-1}>
              <bdi>{d.title}</bdi>
            </h1>
            <p class="lede">
              {d.description && <bdi>{d.description}</bdi>} {thing.simulated && <Simulated />}
            </p>
          </div>
        </div>
        {worst && <QualityNote is={worst} />}
      </div>
      <div class="thing-grid">
        <div class="thing-side">
          {controls.length > 0 && (
            <section class="panel" aria-labelledby="controls">
              <h2 id="controls">{t("thing.controls")}</h2>
              <div class="rows">
                {controls.map((p) => (
                  <PropRow key={p.name} thing={thing.id} prop={p} />
                ))}
              </div>
            </section>
          )}
          {d.acts.length > 0 && (
            <section class="panel" aria-labelledby="actions">
              <h2 id="actions">{t("thing.actions")}</h2>
              <div class="buttons">
                {d.acts.map((a) => (
                  <ActionButton key={a.name} thing={thing.id} act={a} />
                ))}
              </div>
            </section>
          )}
          {readings.length > 0 && (
            <section class="panel" aria-labelledby="readings">
              <h2 id="readings">{t("thing.readings")}</h2>
              <ul class="facts">
                {readings.map((p) => (
                  <Reading key={p.name} thing={thing.id} prop={p} />
                ))}
              </ul>
            </section>
          )}
        </div>
        <div class="thing-main">
          <History thing={thing.id} d={d} />
          {d.events.length > 0 && <Events thing={thing.id} d={d} />}
          <Changes thing={thing.id} d={d} />
          <About thing={thing} desc={desc} d={d} />
        </div>
      </div>
    </>
  );
}

function Reading({ thing, prop }: { thing: string; prop: Prop }) {
  const is = state(thing, prop.name).value;
  return (
    <li data-quality={is.quality}>
      <Icon name={affordanceIcon(prop.name, prop.unit)} />
      <span class="fact-name">
        {prop.title}
        {shows(is) && is.time > 0 && (
          <time class="fact-age" dateTime={new Date(is.time).toISOString()} title={fullMoment(is.time)}>
            {age(is.time, now.value)}
          </time>
        )}
      </span>
      <span class="fact-value">
        <Value thing={thing} prop={prop} labelled />
      </span>
    </li>
  );
}

function History({ thing, d }: { thing: string; d: Device }) {
  const could = d.props.filter((p) => p.readable && p.control.kind !== "json" && p.control.kind !== "object");
  const first = could.find((p) => p === d.lead) ?? [...could].sort((a, b) => b.weight - a.weight)[0];
  const picked = useSignal(first?.name ?? "");
  const span = useSignal<Span>("hour");
  const prop = could.find((p) => p.name === picked.value) ?? first;
  if (!prop) return null;
  return (
    <section class="panel" aria-labelledby="history">
      <div class="panel-head">
        <h2 id="history">{t("thing.history")}</h2>
        <div class="panel-tools">
          {could.length > 1 && (
            <select class="field" aria-label={t("chart.which")} onChange={(e) => (picked.value = e.currentTarget.value)}>
              {could.map((p) => (
                <option key={p.name} value={p.name} selected={p === prop}>
                  {p.title}
                </option>
              ))}
            </select>
          )}
          <fieldset class="segments">
            <legend class="unseen">{t("chart.span")}</legend>
            {(["hour", "day", "week"] as const).map((s) => (
              <label key={s}>
                <input type="radio" name="span" value={s} checked={span.value === s} onChange={() => (span.value = s)} />
                <span>{t(`span.${s}`)}</span>
              </label>
            ))}
          </fieldset>
        </div>
      </div>
      <Chart key={prop.name + span.value} thing={thing} prop={prop} span={span.value} />
    </section>
  );
}

function Events({ thing, d }: { thing: string; d: Device }) {
  return (
    <section class="panel" aria-labelledby="events">
      <h2 id="events">{t("thing.events")}</h2>
      <ul class="facts">
        {d.events.map((e) => {
          const h = happened(thing, e.name).value;
          return (
            <li key={e.name}>
              <Icon name="event" />
              <span class="fact-name">
                {e.title}
                {h && <time class="fact-age">{moment(h.time)}</time>}
              </span>
              <span class="fact-value">
                {h ? <bdi>{h.data === null ? t("event.happened") : typeof h.data === "object" ? structure(h.data) : String(h.data)}</bdi> : <span class="nothing">{t("event.none")}</span>}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Which of its values were last changed by a person or a rule, and a way to see why. */
function Changes({ thing, d }: { thing: string; d: Device }) {
  const caused = d.props
    .map((p) => ({ p, is: state(thing, p.name).value }))
    .filter(({ is }) => is.cause !== "")
    .sort((a, b) => b.is.since - a.is.since)
    .slice(0, 5);
  if (caused.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="why">
      <h2 id="why">{t("thing.why")}</h2>
      <ul class="facts">
        {caused.map(({ p, is }) => (
          <li key={p.name}>
            <Icon name="why" />
            <span class="fact-name">
              {p.title}: <Value thing={thing} prop={p} />
              <time class="fact-age">{age(is.since, now.value)}</time>
            </span>
            <a class="fact-value" href={link("trace", is.cause)}>
              {t("why.link")}
              <span class="unseen"> {p.title}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function About({ thing, desc, d }: { thing: Summary; desc: TD; d: Device }) {
  const open = useSignal(false);
  const whole = useSignal<string>("");
  useEffect(() => {
    if (!open.value || whole.value) return;
    get<TD>(thingPath(thing.id)).then(
      (full) => (whole.value = JSON.stringify(full, null, 2)),
      (e: unknown) => (whole.value = e instanceof Problem ? e.message : ""),
    );
  }, [open.value]);
  const said = (term: string): string | undefined => {
    const v = desc[term] ?? desc["schema:" + term] ?? desc["hutong:" + term];
    return typeof v === "string" ? v : undefined;
  };
  const facts: [string, string | undefined][] = [
    [t("about.id"), thing.id],
    [t("about.place"), pathTo(thing.place).map((p) => p.title).join(" / ") || t("place.none")],
    [t("about.maker"), said("manufacturer")],
    [t("about.model"), said("model")],
    [t("about.can"), t("about.counts", { p: d.props.length, a: d.acts.length, e: d.events.length })],
  ];
  return (
    <section class="panel" aria-labelledby="about">
      <h2 id="about">{t("thing.about")}</h2>
      <dl class="about">
        {facts.map(([k, v]) =>
          v ? (
            <div key={k}>
              <dt>{k}</dt>
              <dd>
                <bdi>{v}</bdi>
              </dd>
            </div>
          ) : null,
        )}
      </dl>
      <details class="td" onToggle={(e) => (open.value = e.currentTarget.open)}>
        <summary>{t("about.td")}</summary>
        <pre role="group" dir="ltr" tabIndex={0} aria-label={t("about.td")}>
          {whole.value}
        </pre>
        <p>
          <a href={new URL(thingPath(thing.id), document.baseURI).href} download={d.title + ".td.json"}>
            {t("about.download")}
          </a>
        </p>
      </details>
    </section>
  );
}
