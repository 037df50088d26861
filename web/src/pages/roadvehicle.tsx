// One vehicle, for the operator: its cabin view, and why it chose what it does among all it could have done.
import { useSignal } from "@preact/signals";
import { useCallback } from "preact/hooks";
import { link } from "../app/router.ts";
import { number, t, tr } from "../app/words.ts";
import { at, type Assist, titleOf, useLive, type Vehicle } from "../road/area.ts";
import { Cabin } from "../road/cabin.tsx";
import type { Frame } from "../road/frame.ts";
import { kmh, reasonText } from "../road/say.ts";
import { Icon } from "../ui/icon.tsx";
import { Title } from "../ui/title.tsx";
import { AssistItem } from "./road.tsx";
import { vehicleName } from "./riding.tsx";
import { NoArea } from "./ride.tsx";

export function VehiclePage({ name }: { name: string }) {
  const { data, wrong } = useLive<Vehicle[]>(at.vehicles);
  const { data: assists } = useLive<Assist[]>(at.assists);
  const frame = useSignal<Frame | undefined>(undefined);
  const watch = useCallback((f: Frame) => (frame.value = f), []);
  if (wrong.value) return <NoArea wrong={wrong.value} />;
  const v = data.value?.find((x) => vehicleName(x) === name);
  const asks = (assists.value ?? []).filter((a) => a.vehicle === name || a.vehicle.split(":").pop() === name || a.vehicle === v?.id);
  const title = titleOf(v ?? { name });
  return (
    <>
      <Title text={title} />
      <div class="page-head">
        <nav class="crumbs" aria-label={t("place.path")}>
          <ol>
            <li>
              <a href={link("road")}>{t("road.title")}</a>
            </li>
          </ol>
        </nav>
        <h1 tabIndex={-1}>
          <bdi>{title}</bdi>
        </h1>
        <p class="lede">{data.value && !v ? t("road.gone") : v?.reason ? reasonText(v.reason.code, v.reason.words) : ""}</p>
      </div>
      {asks.length > 0 && (
        <section class="panel assists" data-any="true" aria-label={t("assist.title")}>
          <ul class="assist-list">
            {asks.map((a) => (
              <AssistItem key={a.id} a={a} />
            ))}
          </ul>
        </section>
      )}
      <div class="ride-grid">
        <div class="ride-map">
          <Cabin vehicle={name} watch={watch} />
        </div>
        <div class="ride-side">
          {v && (
            <section class="panel" aria-labelledby="facts">
              <h2 id="facts">{t("thing.readings")}</h2>
              <dl class="about">
                <Fact name={t("road.column.state")}>{tr("mode", v.state, v.state)}</Fact>
                <Fact name={t("road.column.speed")}>{v.speed === undefined ? "–" : kmh(v.speed)}</Fact>
                {v.limit !== undefined && <Fact name={t("road.column.limit")}>{kmh(v.limit)}</Fact>}
                <Fact name={t("road.column.battery")}>{v.battery === undefined ? "–" : number(v.battery, 0) + "\u202f%"}</Fact>
                {v.plate && <Fact name={t("ride.plate")}>{v.plate}</Fact>}
              </dl>
              <a class="button" href={link("thing", v.id)}>
                <Icon name="shuttle" />
                {t("road.thing")}
              </a>
            </section>
          )}
          <Candidates f={frame.value} />
        </div>
      </div>
    </>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </div>
  );
}

/** What it could have done, what it chose first, and what the shield or the rules said against it. */
function Candidates({ f }: { f: Frame | undefined }) {
  if (!f) return null;
  return (
    <section class="panel" aria-labelledby="why">
      <h2 id="why">{t("why.title")}</h2>
      <p class="soft">{t("cabin.vetoed", { n: f.vetoed })}</p>
      <ol class="candidates">
        {f.candidates.map((c, i) => (
          <li key={c.name + i} data-veto={c.veto !== ""}>
            <span class="candidate-name">
              <bdi>{c.name}</bdi>
            </span>
            {c.veto ? (
              <span class="tag tag-bad">{tr("veto", c.veto, c.veto)}</span>
            ) : (
              <>
                <meter min={0} max={1} value={c.score} aria-label={t("why.score", { name: c.name })} />
                <bdi class="figure">{number(c.score * 100, 0)}</bdi>
              </>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
