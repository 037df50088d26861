// The words of the page in the chosen language, and numbers, times and ages written its way.
import { computed, signal } from "@preact/signals";
import en from "../words/en.json";
import { type Args, compile } from "./message.ts";
import { apply, type Lang, load, type Prefs, save } from "./prefs.ts";

export type Key = keyof typeof en;
type Catalogue = Record<Key, string>;

export const prefs = signal<Prefs>(load());
const catalogue = signal<{ lang: Lang; words: Catalogue }>({ lang: "en", words: en });

/** BCP 47 tag for Intl. Arabic keeps Latin digits, as the fields for numbers do. */
const tags: Record<Lang, string> = { en: "en", zh: "zh-Hans", ar: "ar-u-nu-latn" };
export const tag = computed(() => tags[catalogue.value.lang]);

/** Changes some choices, keeps them and shows them; a language is fetched first. */
export async function choose(change: Partial<Prefs>): Promise<void> {
  const next = { ...prefs.value, ...change };
  await speak(next.lang);
  prefs.value = next;
  save(next);
  apply(next);
}

/** Fetches the words of lang. When that fails the page goes on in the language it has. */
export async function speak(lang: Lang): Promise<void> {
  if (catalogue.value.lang === lang) return;
  const load = {
    en: async () => en,
    zh: async () => (await import("../words/zh.json")).default,
    ar: async () => (await import("../words/ar.json")).default,
  }[lang];
  try {
    catalogue.value = { lang, words: await load() };
  } catch {
    // The hub is out of reach just now.
  }
}

const compiled = computed(() => {
  const { words } = catalogue.value;
  const lang = tag.value;
  const cache = new Map<Key, (args: Args) => string>();
  return (key: Key, args: Args) => {
    let f = cache.get(key);
    if (!f) cache.set(key, (f = compile(words[key], lang)));
    return f(args);
  };
});

/** The text of a message. */
export function t(key: Key, args: Args = {}): string {
  return compiled.value(key, args);
}

/** The text of a message whose key is put together from a word that came from the hub; other when there is none. */
export function tr(prefix: string, word: string, other: string, args: Args = {}): string {
  const key = prefix + "." + word;
  return Object.hasOwn(en, key) ? t(key as Key, args) : other;
}

const numbers = computed(() => {
  const cache = new Map<number, Intl.NumberFormat>();
  return (digits: number) => {
    let f = cache.get(digits);
    if (!f) cache.set(digits, (f = new Intl.NumberFormat(tag.value, { maximumFractionDigits: digits })));
    return f;
  };
});

/** A number with at most so many digits after the point. */
export const number = (n: number, digits = 2): string => numbers.value(digits).format(n);

const clocks = computed(() => ({
  time: new Intl.DateTimeFormat(tag.value, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  day: new Intl.DateTimeFormat(tag.value, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }),
  full: new Intl.DateTimeFormat(tag.value, { dateStyle: "full", timeStyle: "medium" }),
}));

/** A moment as a person would say it: the time today, date and time otherwise. */
export function moment(ms: number, now = Date.now()): string {
  const today = new Date(ms).toDateString() === new Date(now).toDateString();
  return (today ? clocks.value.time : clocks.value.day).format(ms);
}

/** A moment in full, for a title or a screen reader. */
export const fullMoment = (ms: number): string => clocks.value.full.format(ms);

const ages = computed(() => new Intl.RelativeTimeFormat(tag.value, { numeric: "auto", style: "long" }));

/** How long ago ms was: "now", "3 minutes ago". */
export function age(ms: number, now: number): string {
  const s = Math.round((ms - now) / 1000);
  if (s > -5 && s < 5) return t("age.now");
  const size = Math.abs(s);
  if (size < 60) return ages.value.format(s, "second");
  if (size < 3600) return ages.value.format(Math.round(s / 60), "minute");
  if (size < 86400) return ages.value.format(Math.round(s / 3600), "hour");
  return ages.value.format(Math.round(s / 86400), "day");
}
