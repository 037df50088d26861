// Rules: what each says, whether it holds together, and how it went the last times.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { now } from "../app/clock.ts";
import { useFetched } from "../app/fetched.ts";
import { get, Problem, send } from "../app/http.ts";
import { session } from "../app/hub.ts";
import { link } from "../app/router.ts";
import { age, fullMoment, t, tr } from "../app/words.ts";
import { Icon } from "../ui/icon.tsx";
import { problemText } from "../ui/problem.ts";
import { say } from "../ui/say.tsx";
import { Title } from "../ui/title.tsx";
import { partsOf, Yaml } from "../ui/yaml.tsx";

export interface Run {
  trace: string;
  time: string;
  result: string;
  detail?: string;
}

interface RuleInfo {
  id: string;
  title: string;
  enabled: boolean;
  problems?: { line?: number; column?: number; detail: string }[];
  runs?: Run[];
}

interface Scene {
  id: string;
  title: string;
}

const loadRules = (signal: AbortSignal) => get<RuleInfo[]>("rules", { signal });

export function Rules() {
  const { data, wrong } = useFetched(loadRules, [], 3_000);
  const list = data.value;
  return (
    <>
      <Title text={t("nav.rules")} />
      <div class="page-head">
        <h1 tabIndex={-1}>{t("nav.rules")}</h1>
        <p class="lede">{t("rules.lede")}</p>
      </div>
      {wrong.value && !list && <p class="note note-bad">{problemText(wrong.value)}</p>}
      <Scenes />
      {list?.length === 0 && (
        <div class="empty">
          <Icon name="rules" />
          <p>{t("rules.none")}</p>
        </div>
      )}
      {list && list.length > 0 && (
        <ul class="rule-list">
          {list.map((r) => (
            <li key={r.id} class="panel rule-card">
              <div class="rule-head">
                <h2>
                  <a href={link("rule", r.id)}>
                    <bdi>{r.title || r.id}</bdi>
                  </a>
                </h2>
                <RuleState rule={r} />
              </div>
              <Problems list={r.problems ?? []} />
              <Runs runs={(r.runs ?? []).slice(0, 3)} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function RuleState({ rule }: { rule: RuleInfo }) {
  if ((rule.problems ?? []).length > 0) return <span class="tag tag-bad">{t("rule.broken")}</span>;
  return <span class={rule.enabled ? "tag tag-good" : "tag"}>{t(rule.enabled ? "rule.enabled" : "rule.disabled")}</span>;
}

function Problems({ list }: { list: NonNullable<RuleInfo["problems"]> }) {
  if (list.length === 0) return null;
  return (
    <ul class="problems">
      {list.map((p, i) => (
        <li key={i} class="note note-bad">
          {p.line ? t("rule.at", { line: p.line, column: p.column ?? 1 }) + " " : ""}
          <bdi>{p.detail}</bdi>
        </li>
      ))}
    </ul>
  );
}

/** The last runs as stops on a lane, newest first. */
function Runs({ runs }: { runs: Run[] }) {
  if (runs.length === 0) return <p class="soft">{t("rule.never")}</p>;
  return (
    <ol class="runs">
      {runs.map((r) => (
        <li key={r.trace} data-result={r.result}>
          <a href={link("trace", r.trace)}>
            <time dateTime={r.time} title={fullMoment(Date.parse(r.time))}>
              {age(Date.parse(r.time), now.value)}
            </time>
            <span class="run-result">{tr("run", r.result, r.result)}</span>
            {r.detail && <bdi class="run-detail">{r.detail}</bdi>}
          </a>
        </li>
      ))}
    </ol>
  );
}

const loadScenes = (signal: AbortSignal) => get<Scene[]>("scenes", { signal });

function Scenes() {
  const { data } = useFetched(loadScenes, []);
  const wrong = useSignal("");
  const list = data.value ?? [];
  if (list.length === 0) return null;
  const play = async (s: Scene) => {
    wrong.value = "";
    try {
      await send("POST", "scenes/" + encodeURIComponent(s.id));
      say(t("scene.asked", { title: s.title }));
    } catch (e) {
      wrong.value = problemText(e instanceof Problem ? e : undefined);
      say(wrong.value);
    }
  };
  return (
    <section class="scenes" aria-labelledby="scenes">
      <h2 id="scenes">{t("scenes.title")}</h2>
      <div class="buttons">
        {list.map((s) => (
          <button key={s.id} class="button" type="button" onClick={() => void play(s)}>
            <Icon name="scene" />
            <bdi>{s.title || s.id}</bdi>
          </button>
        ))}
      </div>
      {wrong.value && <p class="note note-bad">{wrong.value}</p>}
    </section>
  );
}

/** A rule as what it is: when, if, then; with the names it uses, and the whole text for who wants it. */
function Flow({ text }: { text: string }) {
  const parts = partsOf(text);
  const shown = (["points", "when", "if", "then"] as const).filter((k) => parts.get(k));
  if (shown.length < 2) return <Yaml text={text} label={t("rule.said")} />;
  return (
    <>
      <div class="flow">
        {shown.map((k) => (
          <div key={k}>
            <h3>{t(`rule.${k}`)}</h3>
            <Yaml text={parts.get(k) ?? ""} label={t(`rule.${k}`)} />
          </div>
        ))}
      </div>
      <details>
        <summary>{t("rule.text")}</summary>
        <Yaml text={text} label={t("rule.text")} />
      </details>
    </>
  );
}

function Description({ text }: { text: string }) {
  const said = partsOf(text).get("description")?.replace(/^['"]|['"]$/g, "");
  return said && !/^[|>]/.test(said) ? (
    <p class="lede">
      <bdi>{said}</bdi>
    </p>
  ) : null;
}

export function Rule({ id }: { id: string }) {
  const path = "rules/" + encodeURIComponent(id);
  const all = useFetched(loadRules, [], 3_000);
  const text = useFetched(async (signal) => {
    const answer = await send("GET", path, undefined, { signal, headers: { Accept: "text/yaml, */*;q=0.1" } });
    return { yaml: await answer.text(), etag: answer.headers.get("ETag") ?? "" };
  }, [id]);
  const draft = useSignal<string | undefined>(undefined);
  const wrong = useSignal<Problem | undefined>(undefined);
  const field = useId();
  const rule = all.data.value?.find((r) => r.id === id);
  const title = rule?.title || id;
  const yaml = text.data.value;
  const save = async () => {
    try {
      const headers: Record<string, string> = { "Content-Type": "text/yaml" };
      if (yaml?.etag) headers["If-Match"] = yaml.etag;
      await send("PUT", path, undefined, { body: draft.value ?? "", headers });
      draft.value = undefined;
      wrong.value = undefined;
      say(t("rule.saved"));
      text.again();
      all.again();
    } catch (e) {
      wrong.value = e instanceof Problem ? e : undefined;
    }
  };
  const may = session.value.role === "admin";
  return (
    <>
      <Title text={title} />
      <div class="page-head">
        <nav class="crumbs" aria-label={t("place.path")}>
          <ol>
            <li>
              <a href={link("rules")}>{t("nav.rules")}</a>
            </li>
          </ol>
        </nav>
        <div class="rule-head">
          <h1 tabIndex={-1}>
            <bdi>{title}</bdi>
          </h1>
          {rule && <RuleState rule={rule} />}
        </div>
        {yaml && <Description text={yaml.yaml} />}
      </div>
      {text.wrong.value && !yaml && <p class="note note-bad">{problemText(text.wrong.value)}</p>}
      <div class="rule-grid">
        <section class="panel" aria-labelledby="said">
          <div class="panel-head">
            <h2 id="said">{t("rule.said")}</h2>
            {yaml && draft.value === undefined && may && (
              <button class="button" type="button" onClick={() => (draft.value = yaml.yaml)}>
                <Icon name="edit" />
                {t("button.edit")}
              </button>
            )}
          </div>
          {rule && draft.value === undefined && <Problems list={rule.problems ?? []} />}
          {yaml && draft.value === undefined && <Flow text={yaml.yaml} />}
          {draft.value !== undefined && (
            <form
              class="editor"
              onSubmit={(e) => {
                e.preventDefault();
                void save();
              }}
            >
              <label class="unseen" for={field}>
                {t("rule.said")}
              </label>
              <textarea
                id={field}
                class="field field-code"
                dir="ltr"
                rows={Math.min(40, draft.value.split("\n").length + 2)}
                spellcheck={false}
                aria-invalid={wrong.value !== undefined}
                value={draft.value}
                onInput={(e) => (draft.value = e.currentTarget.value)}
              />
              {wrong.value && (
                <div role="alert">
                  {wrong.value.errors.length > 0 ? <Problems list={wrong.value.errors} /> : <p class="note note-bad">{problemText(wrong.value)}</p>}
                </div>
              )}
              <div class="buttons">
                <button class="button button-main" type="submit">
                  {t("button.save")}
                </button>
                <button
                  class="button"
                  type="button"
                  onClick={() => {
                    draft.value = undefined;
                    wrong.value = undefined;
                  }}
                >
                  {t("button.cancel")}
                </button>
              </div>
            </form>
          )}
        </section>
        <section class="panel" aria-labelledby="runs">
          <h2 id="runs">{t("rule.runs")}</h2>
          {rule && <Runs runs={rule.runs ?? []} />}
        </section>
      </div>
    </>
  );
}
