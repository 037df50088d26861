// What a person chose for this browser: colours, text size, language. Kept in localStorage; nothing is sent.

export type Theme = "auto" | "light" | "dark" | "contrast";
export type Size = "small" | "middle" | "big";
export type Lang = "en" | "zh" | "ar";

export interface Prefs {
  theme: Theme;
  size: Size;
  lang: Lang;
}

export const themes: readonly Theme[] = ["auto", "light", "dark", "contrast"];
export const sizes: readonly Size[] = ["small", "middle", "big"];
export const langs: readonly Lang[] = ["en", "zh", "ar"];

const key = "hutong.prefs";

/** The stored choice, with a sensible one for whatever is missing or no longer known. */
export function load(): Prefs {
  let kept: Partial<Prefs> = {};
  try {
    kept = (JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Prefs> | null) ?? {};
  } catch {
    // Storage is off or holds something else: go on with the defaults.
  }
  const pick = <T,>(list: readonly T[], want: unknown, other: T) => (list.includes(want as T) ? (want as T) : other);
  return {
    theme: pick(themes, kept.theme, "auto"),
    size: pick(sizes, kept.size, "small"),
    lang: pick(langs, kept.lang, guess()),
  };
}

export function save(prefs: Prefs): void {
  try {
    localStorage.setItem(key, JSON.stringify(prefs));
  } catch {
    // The choice then lasts as long as this page.
  }
}

/** Puts the choice on the root element, where the style sheet reads it. */
export function apply(prefs: Prefs): void {
  const root = document.documentElement;
  root.dataset.theme = prefs.theme;
  root.dataset.size = prefs.size;
  root.lang = prefs.lang === "zh" ? "zh-Hans" : prefs.lang;
  root.dir = prefs.lang === "ar" ? "rtl" : "ltr";
}

function guess(): Lang {
  for (const tag of navigator.languages ?? []) {
    const found = langs.find((l) => tag.toLowerCase().split("-")[0] === l);
    if (found) return found;
  }
  return "en";
}
