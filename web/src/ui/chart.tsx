// The past of one property: a line for numbers, a band of stretches for anything that holds until it changes.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { hubNow, now } from "../app/clock.ts";
import { align, fetchSamples, type Line, lineOf, type Sample, type Span, spans, type Stretch, stretchesOf } from "../app/history.ts";
import { Problem } from "../app/http.ts";
import { state } from "../app/hub.ts";
import { shows } from "../app/state.ts";
import { fullMoment, moment, prefs, t, tag } from "../app/words.ts";
import type { Prop } from "../td/device.ts";
import { figure, figureOf, join, scaleOf, textOf } from "../td/format.ts";
import type { Drawn, Look, Lines } from "./plot.ts";
import { problemText } from "./problem.ts";

interface Past {
  from: number;
  to: number;
  lines?: Lines;
  samples: Sample[];
}

interface Of {
  thing: string;
  prop: Prop;
  span: Span;
}

const isLine = (p: Prop): boolean => p.control.kind === "slider" || p.control.kind === "number";

export function Chart({ thing, prop, span }: Of) {
  const past = useSignal<Past | undefined>(undefined);
  const wrong = useSignal("");
  useEffect(() => {
    const stop = new AbortController();
    past.value = undefined;
    wrong.value = "";
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = async () => {
      try {
        past.value = await fetchPast(thing, prop, span, stop.signal);
        wrong.value = "";
      } catch (e) {
        if (stop.signal.aborted) return;
        wrong.value = problemText(e instanceof Problem ? e : undefined);
      }
      timer = setTimeout(() => void again(), span === "hour" ? 60_000 : 300_000);
    };
    void again();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [thing, prop.name, span]);
  if (wrong.value && !past.value) return <p class="note note-bad">{wrong.value}</p>;
  const p = past.value;
  if (!p) return <div class="chart chart-ghost" aria-hidden="true" />;
  return isLine(prop) ? <LineChart thing={thing} prop={prop} span={span} past={p} /> : <Band thing={thing} prop={prop} span={span} past={p} />;
}

async function fetchPast(thing: string, prop: Prop, span: Span, signal: AbortSignal): Promise<Past> {
  const to = hubNow();
  const { ms, step } = spans[span];
  const from = to - ms;
  if (!isLine(prop)) {
    const samples = await fetchSamples(thing, prop.name, from, to, step ? { step: step / 5, agg: "last" } : {}, signal);
    return { from, to, samples };
  }
  if (!step) {
    const samples = await fetchSamples(thing, prop.name, from, to, { max: 800 }, signal);
    const line = lineOf(samples, scaleOf(prop).of);
    return { from, to, samples, lines: { xs: line.xs, ys: [line.ys] } };
  }
  const aggs = await Promise.all(
    (["avg", "min", "max"] as const).map((agg) => fetchSamples(thing, prop.name, from, to, { step, agg }, signal)),
  );
  const lines: Line[] = aggs.map((list) => lineOf(list, scaleOf(prop).of));
  return { from, to, samples: aggs[0] ?? [], lines: align(lines) };
}

function LineChart({ thing, prop, span, past }: Of & { past: Past }) {
  const box = useRef<HTMLDivElement>(null);
  const hover = useSignal<{ x: number; y: number } | undefined>(undefined);
  const drawn = useRef<Drawn | null>(null);
  const scale = scaleOf(prop);
  const print = (n: number) => join(figure(n, scale.unit, scale.step));
  const empty = !past.lines || past.lines.ys[0]?.every((y) => y === null);
  const is = state(thing, prop.name).value;
  const lines = grow(past, is.time / 1000, shows(is) && typeof is.value === "number" ? scale.of(is.value) : null, span);
  const to = Math.max(now.value, past.to);
  const from = beginning(past, lines.xs[0], to);

  useEffect(() => {
    const el = box.current;
    if (!el) return;
    let gone = false;
    const look: Look = {
      unit: prop.unit,
      stepped: prop.writable || span !== "hour" ? prop.writable : false,
      format: (n) => figure(n, "").text,
      time: clockOf(span),
      hover: (at) => (hover.value = at),
    };
    void import("./plot.ts").then(({ plot }) => {
      if (gone) return;
      drawn.current = plot(el, look);
      drawn.current.set(lines, from, to);
    });
    return () => {
      gone = true;
      drawn.current?.end();
      drawn.current = null;
    };
  }, [thing, prop.name, span, prefs.value, empty]);

  useEffect(() => {
    drawn.current?.set(lines, from, to);
  });

  const numbers = (past.lines?.ys[0] ?? []).filter((y) => y !== null);
  if (empty && numbers.length === 0 && !shows(is)) return <p class="chart-empty">{t("chart.empty")}</p>;
  const all = (past.lines?.ys ?? []).flat().filter((y) => y !== null);
  const low = Math.min(...all);
  const high = Math.max(...all);
  const at = hover.value;
  return (
    <figure class="chart" dir="ltr">
      <div ref={box} class="plot" role="img" aria-label={t("chart.label", { name: prop.title, span: t(`span.${span}`) })} />
      <figcaption dir="auto">
        {at ? (
          <>
            <bdi>{print(at.y)}</bdi> <span class="soft">{moment(at.x)}</span>
          </>
        ) : Number.isFinite(low) && Number.isFinite(high) ? (
          <span class="soft">{t("chart.range", { low: print(low), high: print(high) })}</span>
        ) : null}
      </figcaption>
      <Table rows={past.samples} print={(v) => (typeof v === "number" ? join(figureOf(prop, v)) : "–")} />
    </figure>
  );
}

/** Where the picture begins: at the start of the span, or where the record does, so that a new Thing's fills it. */
function beginning(past: Past, first: number | undefined, to: number): number {
  const from = past.from + (to - past.to);
  return first === undefined ? from : Math.max(from, Math.min(first * 1000, to - 120_000));
}

/** The fetched lines with the live value at their end. */
function grow(past: Past, x: number, y: number | null, span: Span): Lines {
  const l = past.lines ?? { xs: [], ys: [[]] };
  live.at(past).push(x, y);
  const xs = [...l.xs];
  const ys = l.ys.map((list) => [...list]);
  if (span === "hour") {
    for (const p of live.at(past).points) {
      if (p.x <= (xs.at(-1) ?? 0)) continue;
      xs.push(p.x);
      ys.forEach((list) => list.push(p.y));
    }
  }
  return { xs, ys };
}

/** What has come by the stream since a past was fetched. */
class Tail {
  points: { x: number; y: number | null }[] = [];
  push(x: number, y: number | null): void {
    if (x > 0 && x > (this.points.at(-1)?.x ?? 0)) this.points.push({ x, y });
    if (this.points.length > 2_000) this.points.shift();
  }
}

const tails = new WeakMap<Past, Tail>();
const live = {
  at(past: Past): Tail {
    let tail = tails.get(past);
    if (!tail) tails.set(past, (tail = new Tail()));
    return tail;
  },
};

function clockOf(span: Span): (ms: number, shown: number) => string {
  const week = new Intl.DateTimeFormat(tag.value, { weekday: "short", day: "numeric" });
  const clock = new Intl.DateTimeFormat(tag.value, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const exact = new Intl.DateTimeFormat(tag.value, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  return (ms, shown) => {
    if (shown < 600_000) return exact.format(ms);
    if (shown < 86_400_000 / 2) return clock.format(ms);
    const d = new Date(ms);
    const midnight = d.getHours() === 0 && d.getMinutes() === 0;
    return (span === "week" || (midnight && span === "day") ? week : clock).format(ms);
  };
}

const hues = ["var(--band-1)", "var(--band-2)", "var(--band-3)", "var(--band-4)", "var(--band-5)", "var(--band-6)"];

function Band({ thing, prop, past }: Of & { past: Past }) {
  const is = state(thing, prop.name).value;
  const to = Math.max(now.value, past.to);
  const first = past.samples[0] ? Date.parse(past.samples[0].time) / 1000 : undefined;
  const from = beginning(past, first, to);
  const list = stretchesOf(past.samples, from, to, is);
  if (!list.some((s) => s.value !== undefined)) return <p class="chart-empty">{t("chart.empty")}</p>;
  const on = prop.control.kind === "switch" ? prop.control.on : true;
  const off = prop.control.kind === "switch" ? prop.control.off : false;
  const kinds = [...new Set(list.map((s) => s.value).filter((v) => v !== undefined && v !== on && v !== off))];
  const hue = (v: unknown): string =>
    v === undefined ? "transparent" : v === on ? "var(--band-on)" : v === off ? "var(--band-off)" : (hues[kinds.indexOf(v) % hues.length] ?? "");
  const words = (v: unknown): string => (v === undefined ? t("value.unknown") : textOf(v, prop.control, prop.schema, prop.name, prop.unit));
  const named = [...new Set(list.map((s) => s.value))].filter((v) => v !== undefined).slice(0, 8);
  const title = (s: Stretch): string => `${words(s.value)}, ${moment(s.from)} – ${moment(s.to)}`;
  return (
    <figure class="chart">
      <div class="band" dir="ltr" role="img" aria-label={t("chart.label", { name: prop.title, span: "" })}>
        {list.slice(-2_000).map((s) => (
          <span
            key={s.from}
            title={title(s)}
            style={{ insetInlineStart: ((s.from - from) / (to - from)) * 100 + "%", inlineSize: ((s.to - s.from) / (to - from)) * 100 + "%", background: hue(s.value) }}
          />
        ))}
      </div>
      <div class="band-ends" dir="ltr" aria-hidden="true">
        <span>{moment(from)}</span>
        <span>{t("age.now")}</span>
      </div>
      <figcaption>
        <ul class="legend">
          {named.map((v) => (
            <li key={String(v)}>
              <span class="swatch" style={{ background: hue(v) }} aria-hidden="true" />
              <bdi>{words(v)}</bdi>
            </li>
          ))}
        </ul>
      </figcaption>
      <Table rows={list.filter((s) => s.value !== undefined).map((s) => ({ time: new Date(s.from).toISOString(), value: s.value, quality: "good" }))} print={words} />
    </figure>
  );
}

/** The same as words, for whoever cannot or would not read a picture. */
function Table({ rows, print }: { rows: Sample[]; print: (v: unknown) => string }) {
  const open = useSignal(false);
  if (rows.length === 0) return null;
  return (
    <details class="as-table" onToggle={(e) => (open.value = e.currentTarget.open)}>
      <summary>{t("chart.table")}</summary>
      {open.value && (
        <div class="table-scroll" tabIndex={0} role="group" aria-label={t("chart.table")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("chart.time")}</th>
                <th scope="col">{t("chart.value")}</th>
                <th scope="col">{t("chart.quality")}</th>
              </tr>
            </thead>
            <tbody>
              {rows
                .slice(-200)
                .reverse()
                .map((s, i) => (
                  <tr key={i}>
                    <td>
                      <time dateTime={s.time}>{fullMoment(Date.parse(s.time))}</time>
                    </td>
                    <td>
                      <bdi>{print(s.value)}</bdi>
                    </td>
                    <td>{t(`quality.short.${s.quality as "good"}`)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
