// The operator's wall: where every vehicle is and why, who asks for a person, what has happened, and the area's limits.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { now } from "../app/clock.ts";
import { useFetched } from "../app/fetched.ts";
import { get, type Problem, send } from "../app/http.ts";
import { link } from "../app/router.ts";
import { age, fullMoment, moment, number, t, tr } from "../app/words.ts";
import { type Area, asProblem, type Assist, at, fetchArea, type Incident, titleOf, useLive, type Vehicle } from "../road/area.ts";
import { Overview } from "../road/overview.tsx";
import { kmh, lasts, reasonText } from "../road/say.ts";
import { Icon } from "../ui/icon.tsx";
import { problemText } from "../ui/problem.ts";
import { say } from "../ui/say.tsx";
import { Title } from "../ui/title.tsx";
import { OddEditor } from "./odd.tsx";
import { areaBox, moversOf, NoArea, stopMark, toneOf } from "./ride.tsx";
import { vehicleName } from "./riding.tsx";
import { VehiclePage } from "./roadvehicle.tsx";

export function RoadPages({ args }: { args: string[] }) {
  return args[0] === undefined ? <Wall /> : <VehiclePage key={args[0]} name={args[0]} />;
}

function Wall() {
  const { data, wrong, again } = useFetched((s) => fetchArea(s), [], 30_000);
  const area = data.value?.area;
  if (wrong.value && !area) return <NoArea wrong={wrong.value} />;
  if (!area) return <div class="card card-ghost" aria-hidden="true" />;
  return (
    <>
      <Title text={t("road.title")} />
      <div class="page-head">
        <h1 tabIndex={-1}>
          <bdi>{area.name || t("road.title")}</bdi>
        </h1>
        <p class="lede">
          <span class={"tag " + (area.open ? "tag-good" : "tag-bad")}>{t(area.open ? "road.open" : "road.closed")}</span>{" "}
          {area.open ? limits(area) : area.why}
        </p>
      </div>
      <Assists />
      <Kpis />
      <Fleet area={area} />
      <div class="wall-low">
        <Incidents />
        <OddEditor area={area} tag={data.value?.tag ?? ""} saved={again} />
      </div>
    </>
  );
}

const limits = ({ odd }: Area): string =>
  odd.from === odd.to || (odd.from === "00:00" && odd.to === "24:00")
    ? t("road.limit", { speed: kmh(odd.maxSpeed) })
    : t("road.limits", { from: odd.from, to: odd.to, speed: kmh(odd.maxSpeed) });

// ---- figures

function Kpis() {
  const { data } = useFetched((s) => get<Record<string, unknown>>(at.kpi, { signal: s }), [], 30_000);
  const list = Object.entries(data.value ?? {}).flatMap(([name, v]): [string, string][] => {
    const title = tr("kpi", name, "");
    return title !== "" && typeof v === "number" ? [[title, figure(name, v)]] : [];
  });
  if (list.length === 0) return null;
  return (
    <dl class="kpis">
      {list.map(([name, v]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{v}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const figure = (name: string, v: number): string =>
  /^wait/.test(name) ? lasts(v) : /Share$/.test(name) ? number(v * 100, 1) + "\u202f%" : number(v, v < 10 ? 2 : 0);

// ---- those who ask

function Assists() {
  const { data } = useLive<Assist[]>(at.assists);
  const list = data.value ?? [];
  const n = list.length;
  useEffect(() => {
    if (n > 0) say(t("assist.count", { n }));
  }, [n]);
  return (
    <section class="panel assists" aria-labelledby="assists" data-any={n > 0}>
      <h2 id="assists">{t("assist.title")}</h2>
      {n === 0 ? (
        <p class="soft">{t("assist.none")}</p>
      ) : (
        <ul class="assist-list">
          {list.map((a) => (
            <AssistItem key={a.id} a={a} />
          ))}
        </ul>
      )}
    </section>
  );
}

export function AssistItem({ a }: { a: Assist }) {
  const problem = useSignal<Problem | undefined>(undefined);
  const busy = useSignal("");
  const answer = async (option: string) => {
    if (busy.value) return;
    busy.value = option;
    problem.value = undefined;
    try {
      await send("POST", `${at.assists}/${encodeURIComponent(a.id)}`, { option });
    } catch (e) {
      problem.value = asProblem(e);
    } finally {
      busy.value = "";
    }
  };
  const asked = a.asked ? Date.parse(a.asked) : NaN;
  const name = a.vehicle.split(":").pop() ?? a.vehicle;
  return (
    <li class="assist">
      <div class="assist-words">
        <p>
          <a href={link("road", name)}>
            <bdi>{titleOf({ name })}</bdi>
          </a>
          {!Number.isNaN(asked) && <span class="soft"> · {age(asked, now.value)}</span>}
        </p>
        <p class="strong">
          <bdi>{a.words || tr("assist.kind", a.kind, a.kind)}</bdi>
        </p>
      </div>
      <div class="buttons">
        {a.options.map((o, i) => (
          <button key={o.id} class={"button" + (i === 0 ? " button-main" : "")} type="button" aria-busy={busy.value === o.id} onClick={() => void answer(o.id)}>
            {tr("assist.option", o.id, o.words)}
          </button>
        ))}
      </div>
      {problem.value && (
        <p class="note note-bad" role="alert">
          {problemText(problem.value)}
        </p>
      )}
    </li>
  );
}

// ---- vehicles

function Fleet({ area }: { area: Area }) {
  const { data, cut } = useLive<Vehicle[]>(at.vehicles);
  const list = data.value ?? [];
  return (
    <div class="wall">
      <div class="wall-map">
        <Overview
          label={t("road.map")}
          box={areaBox(area)}
          fitKey={area.name}
          movers={moversOf(list)}
          polygon={area.odd.polygon}
          marks={[
            ...area.stops.map((s) => stopMark(s, undefined)),
            ...list.flatMap((v) =>
              v.pose && list.length <= 40
                ? [
                    {
                      key: v.id,
                      at: [v.pose[0], v.pose[1]] as [number, number],
                      node: (
                        <a class={"mover-mark mover-" + toneOf(v)} href={link("road", vehicleName(v))} aria-label={titleOf(v)} data-kept>
                          <span class="mark-label" aria-hidden="true">
                            <bdi>{titleOf(v)}</bdi>
                          </span>
                        </a>
                      ),
                    },
                  ]
                : [],
            ),
          ]}
        />
      </div>
      <div class="panel wall-table">
        <div class="panel-head">
          <h2 id="fleet">{t("road.vehicles", { n: list.length })}</h2>
          {cut.value && <span class="note note-warn">{t("line.reconnecting")}</span>}
        </div>
        <div class="scroll" role="region" tabIndex={0} aria-labelledby="fleet">
          <table class="table">
            <thead>
              <tr>
                {(["vehicle", "state", "speed", "battery", "ride", "why"] as const).map((c) => (
                  <th key={c} scope="col">
                    {t(`road.column.${c}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {list.map((v) => (
                <Row key={v.id} v={v} />
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </div>
  );
}

function Row({ v }: { v: Vehicle }) {
  return (
    <tr>
      <th scope="row">
        <a href={link("road", vehicleName(v))}>
          <bdi>{titleOf(v)}</bdi>
        </a>
      </th>
      <td>
        <span class={"tag " + (toneOf(v) === "bad" ? "tag-bad" : v.state === "driving" ? "tag-good" : "")}>{tr("mode", v.state, v.state)}</span>
        {v.assist && <span class="tag tag-bad">{t("road.asks")}</span>}
      </td>
      <td class="figure">{v.speed === undefined ? "–" : kmh(v.speed)}</td>
      <td class="figure">{v.battery === undefined ? "–" : number(v.battery, 0) + "\u202f%"}</td>
      <td>{t(v.ride ? "so.yes" : "so.no")}</td>
      <td>
        <bdi>{v.reason ? reasonText(v.reason.code, v.reason.words) : ""}</bdi>
      </td>
    </tr>
  );
}

// ---- what happened

function Incidents() {
  const { data, wrong } = useFetched((s) => get<Incident[]>(at.incidents, { signal: s }), [], 10_000);
  const list = data.value ?? [];
  return (
    <section class="panel" aria-labelledby="incidents">
      <h2 id="incidents">{t("incident.title")}</h2>
      {list.length === 0 ? (
        <p class="soft">{wrong.value && wrong.value.status !== 404 ? problemText(wrong.value) : t("incident.none")}</p>
      ) : (
        <ul class="incident-list">
          {list.slice(0, 30).map((i) => {
            const what = tr("incident.kind", i.cause, i.cause);
            const when = Date.parse(i.at);
            return (
              <li key={i.id}>
                <Icon name={i.cause === "collision" ? "alarm" : "bad"} />
                <div>
                  <p class="strong">{what}</p>
                  <p class="soft">
                    <bdi>{titleOf({ name: i.vehicle.split(":").pop() ?? "" })}</bdi>
                    {" · "}
                    <time dateTime={i.at} title={fullMoment(when)}>
                      {moment(when)}
                    </time>
                  </p>
                </div>
                <a class="button" href={`${at.incidents}/${encodeURIComponent(i.id)}.mcap`} download>
                  <Icon name="download" />
                  {t("incident.record", { size: number(i.bytes / 1000, 0) })}
                  <span class="unseen">
                    {" "}
                    {what}, {moment(when)}
                  </span>
                </a>
              </li>
            );
          })}
        </ul>
      )}
      <p class="buttons">
        <a class="button" href="road/reports/disengagements.csv" download>
          {t("report.disengagements")}
        </a>
        <a class="button" href="road/reports/collisions.csv" download>
          {t("report.collisions")}
        </a>
      </p>
    </section>
  );
}
