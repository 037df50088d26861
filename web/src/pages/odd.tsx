// The area's limits: drag the corners, or write them; hours and the highest speed. Nothing holds before it is saved.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { type Problem, send } from "../app/http.ts";
import { number, t, tr } from "../app/words.ts";
import { type Area, asProblem, at, type Odd, type XY } from "../road/area.ts";
import { type Mark, Overview } from "../road/overview.tsx";
import { boxAround } from "./ride.tsx";
import { Icon } from "../ui/icon.tsx";
import { problemText } from "../ui/problem.ts";
import { say } from "../ui/say.tsx";

const step = 5; // m that an arrow key moves a corner; with Shift ten times that

export function OddEditor({ area, tag, saved }: { area: Area; tag: string; saved: () => void }) {
  const draft = useSignal<Odd | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  const busy = useSignal(false);
  const id = useId();
  const odd = draft.value ?? area.odd;
  const set = (change: Partial<Odd>) => (draft.value = { ...(draft.value ?? area.odd), ...change });
  const move = (i: number, to: XY) => {
    const polygon = (draft.peek() ?? area.odd).polygon.map((p, k): XY => (k === i ? [Math.round(to[0] * 10) / 10, Math.round(to[1] * 10) / 10] : p));
    set({ polygon });
  };
  const save = async () => {
    busy.value = true;
    problem.value = undefined;
    try {
      await send("PUT", at.odd, odd, { headers: { Accept: "application/json", "Content-Type": "application/json", ...(tag ? { "If-Match": tag } : {}) } });
      draft.value = undefined;
      saved();
      say(t("odd.saved"));
    } catch (e) {
      problem.value = asProblem(e);
    } finally {
      busy.value = false;
    }
  };
  return (
    <section class="panel odd" aria-labelledby={id}>
      <h2 id={id}>{t("odd.title")}</h2>
      <p class="soft">{t("odd.text")}</p>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void save();
        }}
      >
        <div class="odd-map">
          <Overview
            label={t("odd.map")}
            box={boxAround([...area.odd.polygon, [area.bounds[0], area.bounds[1]], [area.bounds[2], area.bounds[3]]], 10)}
            fitKey={area.name + "odd"}
            polygon={odd.polygon}
            marks={odd.polygon.map((p, i) => corner(p, i, (to) => move(i, to)))}
          />
        </div>
        <details>
          <summary>{t("odd.corners", { n: odd.polygon.length })}</summary>
          <ol class="odd-list">
            {odd.polygon.map((p, i) => (
              <li key={i}>
                <span>{number(i + 1)}</span>
                {([0, 1] as const).map((axis) => (
                  <input
                    key={axis}
                    class="field field-number"
                    type="number"
                    step="any"
                    required
                    aria-label={t(axis === 0 ? "odd.east" : "odd.north", { n: i + 1 })}
                    value={p[axis]}
                    onChange={(e) => {
                      const v = e.currentTarget.valueAsNumber;
                      if (Number.isFinite(v)) move(i, axis === 0 ? [v, p[1]] : [p[0], v]);
                    }}
                  />
                ))}
                <button
                  class="icon-button"
                  type="button"
                  aria-label={t("odd.add", { n: i + 1 })}
                  title={t("odd.add", { n: i + 1 })}
                  onClick={() => {
                    const q = odd.polygon[(i + 1) % odd.polygon.length] ?? p;
                    set({ polygon: odd.polygon.toSpliced(i + 1, 0, [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2]) });
                  }}
                >
                  <Icon name="plus" />
                </button>
                {odd.polygon.length > 3 && (
                  <button class="icon-button" type="button" aria-label={t("odd.drop", { n: i + 1 })} title={t("odd.drop", { n: i + 1 })} onClick={() => set({ polygon: odd.polygon.toSpliced(i, 1) })}>
                    <Icon name="minus" />
                  </button>
                )}
              </li>
            ))}
          </ol>
        </details>
        <div class="odd-fields">
          <label class="tick">
            <input type="checkbox" checked={allDay(odd)} onChange={(e) => set(e.currentTarget.checked ? { from: "00:00", to: "24:00" } : { from: "06:00", to: "23:00" })} />
            <span>{t("odd.always")}</span>
          </label>
          {!allDay(odd) && (
            <>
              <label>
                <span>{t("odd.from")}</span>
                <input class="field" type="time" required value={odd.from} onChange={(e) => e.currentTarget.value && set({ from: e.currentTarget.value })} />
              </label>
              <label>
                <span>{t("odd.to")}</span>
                <input class="field" type="time" required value={odd.to === "24:00" ? "00:00" : odd.to} onChange={(e) => e.currentTarget.value && set({ to: e.currentTarget.value })} />
              </label>
            </>
          )}
          <label>
            <span>{t("odd.speed")}</span>
            <input class="field field-number" type="number" min={5} max={60} step={1} required value={odd.maxSpeed} onChange={(e) => Number.isFinite(e.currentTarget.valueAsNumber) && set({ maxSpeed: e.currentTarget.valueAsNumber })} />
          </label>
        </div>
        <label class="odd-closed">
          <span>{t("odd.closed")}</span>
          <input class="field" maxLength={200} dir="auto" value={odd.closed ?? ""} onInput={(e) => set({ closed: e.currentTarget.value })} />
        </label>
        {odd.weather.length > 0 && <p class="soft">{t("odd.weather", { list: odd.weather.map((w) => tr("weather", w, w)).join(", ") })}</p>}
        {problem.value && (
          <p class="note note-bad" role="alert">
            {problem.value.status === 412 ? t("odd.changed") : problemText(problem.value)}
          </p>
        )}
        <div class="buttons">
          <button class="button button-main" type="submit" disabled={!draft.value} aria-busy={busy.value}>
            {t("button.save")}
          </button>
          {draft.value && (
            <button class="button" type="button" onClick={() => ((draft.value = undefined), (problem.value = undefined))}>
              {t("button.cancel")}
            </button>
          )}
        </div>
      </form>
    </section>
  );
}

const allDay = (o: Odd): boolean => o.from === o.to || (o.from === "00:00" && o.to === "24:00");

const ways: Record<string, XY | undefined> = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };

function corner(p: XY, i: number, move: (to: XY) => void): Mark {
  return {
    key: "corner" + i,
    at: p,
    drag: move,
    node: (
      <button
        class="corner"
        type="button"
        aria-label={t("odd.corner", { n: i + 1, x: number(p[0], 0), y: number(p[1], 0) })}
        onKeyDown={(e) => {
          const way = ways[e.key];
          if (!way) return;
          e.preventDefault();
          const by = e.shiftKey ? step * 10 : step;
          move([p[0] + way[0] * by, p[1] + way[1] * by]);
        }}
      />
    ),
  };
}
