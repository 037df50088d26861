// Settings of this browser: colours, text size, language; and who is signed in.
import { signOut } from "../app/http.ts";
import { session, startOver } from "../app/hub.ts";
import { langs, sizes, themes } from "../app/prefs.ts";
import { choose, prefs, t } from "../app/words.ts";
import { Title } from "../ui/title.tsx";

const names = { en: "English", zh: "中文", ar: "العربية" } as const;

export function Settings() {
  const p = prefs.value;
  const who = session.value;
  return (
    <>
      <Title text={t("nav.settings")} />
      <div class="page-head">
        <h1 tabIndex={-1}>{t("nav.settings")}</h1>
        <p class="lede">{t("settings.lede")}</p>
      </div>
      <div class="settings">
        <Choice
          legend={t("settings.theme")}
          name="theme"
          list={themes}
          chosen={p.theme}
          words={(x) => t(`theme.${x}`)}
          choose={(theme) => void choose({ theme })}
        />
        <Choice
          legend={t("settings.size")}
          name="size"
          list={sizes}
          chosen={p.size}
          words={(x) => t(`size.${x}`)}
          choose={(size) => void choose({ size })}
        />
        <Choice
          legend={t("settings.lang")}
          name="lang"
          list={langs}
          chosen={p.lang}
          words={(x) => names[x]}
          lang={(x) => (x === "zh" ? "zh-Hans" : x)}
          choose={(lang) => void choose({ lang })}
        />
        <section class="panel" aria-labelledby="who">
          <h2 id="who">{t("settings.who")}</h2>
          <p>
            {who.mode === "open" ? t("settings.open") : t("settings.signed", { name: (who.by ?? "").replace(/^\w+:/, ""), role: t(`role.${(who.role ?? "guest") as "guest"}`) })}
          </p>
          {who.mode === "token" && (
            <button class="button" type="button" onClick={() => void signOut().then(startOver)}>
              {t("settings.out")}
            </button>
          )}
        </section>
        <section class="panel" aria-labelledby="program">
          <h2 id="program">{t("settings.about")}</h2>
          <p>
            <bdi>{who.hub.replace(/^(hutong )+/i, "Hutong ") || "Hutong"}</bdi>
          </p>
          <p class="soft">{t("settings.private")}</p>
          <p>
            <a href={new URL("openapi.json", document.baseURI).href}>{t("settings.api")}</a>
            {" · "}
            <a href={new URL("ui/licences.txt", document.baseURI).href} target="_blank" rel="noopener">
              {t("settings.licences")}
            </a>
          </p>
        </section>
      </div>
    </>
  );
}

interface ChoiceProps<T extends string> {
  legend: string;
  name: string;
  list: readonly T[];
  chosen: T;
  words: (x: T) => string;
  lang?: (x: T) => string;
  choose: (x: T) => void;
}

function Choice<T extends string>({ legend, name, list, chosen, words, lang, choose }: ChoiceProps<T>) {
  return (
    <fieldset class="panel choice">
      <legend>{legend}</legend>
      <div class="choice-list">
        {list.map((x) => (
          <label key={x} class={"choice-item choice-" + x}>
            <input type="radio" name={name} value={x} checked={x === chosen} onChange={() => choose(x)} />
            <span lang={lang?.(x)}>{words(x)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
