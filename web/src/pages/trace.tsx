// Why something happened: who or what began it, what was asked of which Thing, and what came of it, in order.
import type { ComponentChildren } from "preact";
import { useFetched } from "../app/fetched.ts";
import { get } from "../app/http.ts";
import { td, things } from "../app/hub.ts";
import { link } from "../app/router.ts";
import { fullMoment, t, tag, tr } from "../app/words.ts";
import { deviceOf, type Prop } from "../td/device.ts";
import { structure, textOf } from "../td/format.ts";
import { spell } from "../td/td.ts";
import { Icon } from "../ui/icon.tsx";
import { problemText } from "../ui/problem.ts";
import { Title } from "../ui/title.tsx";
import type { Run } from "./rules.tsx";

interface TracedRun extends Partial<Run> {
  rule?: string;
  title?: string;
  trigger?: string;
  steps?: { kind?: string; text?: string; detail?: string; result?: string; time?: string }[];
}

interface Trace {
  id: string;
  by?: string;
  time?: string;
  runs?: TracedRun[];
  commands?: {
    id: string;
    thing: string;
    kind: string;
    name: string;
    input?: unknown;
    by: string;
    status: string;
    error?: string;
    asked: string;
    ended?: string;
  }[];
  changes?: { seq: number; thing: string; kind: string; name: string; value: unknown; quality: string; time: string }[];
}

interface Step {
  time: string;
  order: number;
  kind: "begin" | "run" | "ask" | "change";
  result: string;
  text: ComponentChildren;
  more?: string | undefined;
}

export function TracePage({ id }: { id: string }) {
  const { data, wrong } = useFetched((signal) => get<Trace>("traces/" + encodeURIComponent(id), { signal }), [id], 3_000);
  const trace = data.value;
  return (
    <>
      <Title text={t("trace.title")} />
      <div class="page-head">
        <nav class="crumbs" aria-label={t("place.path")}>
          <ol>
            <li>
              <a href={link("rules")}>{t("nav.rules")}</a>
            </li>
          </ol>
        </nav>
        <h1 tabIndex={-1}>{t("trace.title")}</h1>
        {trace && <p class="lede">{t("trace.lede", { who: who(trace), n: trace.commands?.length ?? 0, m: trace.changes?.length ?? 0 })}</p>}
      </div>
      {wrong.value && !trace && <p class="note note-bad">{wrong.value.status === 404 ? t("trace.gone") : problemText(wrong.value)}</p>}
      {trace && <Timeline trace={trace} />}
    </>
  );
}

/** "rule:night-light" in words. */
function who(trace: Trace): string {
  const by = (trace.by?.endsWith(":") ? trace.commands?.[0]?.by : trace.by) ?? "";
  const [kind = "", ...rest] = by.split(":");
  const name = rest.join(":");
  if (kind === "rule") return t("by.rule", { name: spell(name) });
  if (kind === "user" || kind === "token") return t("by.user", { name });
  return by === "" ? t("by.device") : by;
}

function Timeline({ trace }: { trace: Trace }) {
  const began = Date.parse(trace.time ?? "");
  const steps: Step[] = [];
  for (const r of trace.runs ?? []) {
    steps.push({
      time: r.time ?? trace.time ?? "",
      order: 1,
      kind: "run",
      result: r.result ?? "",
      text: (
        <>
          {r.rule ? (
            <a href={link("rule", r.rule)}>
              <bdi>{r.title || spell(r.rule)}</bdi>
            </a>
          ) : (
            t("trace.scene")
          )}
          {r.result && <span class="tag">{tr("run", r.result, r.result)}</span>}
        </>
      ),
      more: r.rule ? [r.trigger, r.detail].filter(Boolean).join(" – ") || undefined : undefined,
    });
  }
  for (const c of trace.commands ?? []) {
    steps.push({
      time: c.asked,
      order: 2,
      kind: "ask",
      result: c.status,
      text: (
        <>
          {t("trace.asked")} <Affordance of={c} value={c.input} />
          <span class={c.status === "failed" ? "tag tag-bad" : "tag"}>{tr("status", c.status, c.status)}</span>
        </>
      ),
      more: c.error || undefined,
    });
  }
  for (const c of trace.changes ?? []) {
    steps.push({ time: c.time, order: 3, kind: "change", result: c.quality, text: <Affordance of={c} value={c.value} became /> });
  }
  steps.sort((a, b) => Date.parse(a.time) - Date.parse(b.time) || a.order - b.order);
  if (steps.length === 0) return <p class="soft">{t("trace.empty")}</p>;
  const icons = { begin: "event", run: "rules", ask: "button", change: "check" } as const;
  return (
    <ol class="timeline panel">
      {steps.map((s, i) => (
        <li key={i} class={"step step-" + s.kind} data-result={s.result}>
          <span class="step-icon">
            <Icon name={icons[s.kind]} />
          </span>
          <div>
            <p class="step-text">{s.text}</p>
            {s.more && (
              <p class="soft">
                <bdi>{s.more}</bdi>
              </p>
            )}
            <time class="soft" dateTime={s.time} title={fullMoment(Date.parse(s.time))}>
              {i === 0 ? fullMoment(Date.parse(s.time)) : (offset(Date.parse(s.time) - began) ?? fullMoment(Date.parse(s.time)))}
            </time>
          </div>
        </li>
      ))}
    </ol>
  );
}

function offset(ms: number): string | undefined {
  if (!Number.isFinite(ms)) return undefined;
  return ms < 1000 ? t("trace.after.ms", { n: Math.max(0, Math.round(ms)) }) : t("trace.after.s", { n: Math.round(ms / 100) / 10 });
}

function Affordance({ of, value, became = false }: { of: { thing: string; kind: string; name: string }; value: unknown; became?: boolean }) {
  const desc = td(of.thing).value;
  const d = desc ? deviceOf(desc, tag.value) : undefined;
  const thing = d?.title ?? things.value.get(of.thing)?.title ?? of.thing;
  const prop: Prop | undefined = of.kind === "properties" ? d?.props.find((p) => p.name === of.name) : undefined;
  const name = prop?.title ?? d?.acts.find((a) => a.name === of.name)?.title ?? spell(of.name);
  const text =
    value === undefined || value === null
      ? ""
      : prop
        ? textOf(value, prop.control, prop.schema, prop.name, prop.unit)
        : typeof value === "object"
          ? structure(value)
          : String(value);
  return (
    <>
      <a href={link("thing", of.thing)}>
        <bdi>{thing}</bdi>
      </a>{" "}
      <bdi>{name}</bdi>
      {text && (
        <>
          {" "}
          <span aria-hidden="true">{became ? "=" : "→"}</span> <bdi class="strong">{text}</bdi>
        </>
      )}
    </>
  );
}
