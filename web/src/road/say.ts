// Times, ways and reasons as a person would say them.
import { computed } from "@preact/signals";
import { prefs, t, tag, tr } from "../app/words.ts";
import type { Frame, Other } from "./frame.ts";

const unit = (of: string, digits = 0, display: "short" | "long" = "short") =>
  computed(() => new Intl.NumberFormat(tag.value, { style: "unit", unit: of, unitDisplay: display, maximumFractionDigits: digits }));
const minute = unit("minute");
const second = unit("second");
const metre = unit("meter");
const kilometre = unit("kilometer", 1);
const fast = unit("kilometer-per-hour");
const gram = unit("gram");
const kilogram = unit("kilogram", 1);

/** How long: "40 s" for less than a minute, "4 min" for more. */
export const lasts = (s: number): string => (s < 60 ? second.value.format(Math.max(0, Math.round(s))) : minute.value.format(Math.round(s / 60)));

/** From one time to another in whole minutes, at least one: "3–6 min". */
export function band(early: number, late: number): string {
  const a = Math.max(1, Math.round(early / 60));
  const b = Math.max(a, Math.round(late / 60));
  return a === b ? minute.value.format(a) : minute.value.formatRange(a, b);
}

/** How far: "40 m", "1.2 km". */
export const far = (m: number): string =>
  m < 950 ? metre.value.format(m < 20 ? Math.max(0, Math.round(m)) : Math.round(m / 10) * 10) : kilometre.value.format(m / 1000);

export const kmh = (v: number): string => fast.value.format(Math.max(0, Math.round(v)));
export const mass = (g: number): string => (g < 1000 ? gram.value.format(Math.round(g)) : kilogram.value.format(g / 1000));

const clock = computed(() => new Intl.DateTimeFormat(tag.value, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }));
/** A time of day, as "15:32". */
export const hour = (ms: number): string => clock.value.format(ms);

/** Why a vehicle does what it does, by the code; in English its own words say more where nobody else is known. */
export function reasonText(code: string, words: string, who = "other"): string {
  if (prefs.value.lang === "en" && who === "other" && words !== "") return words;
  return tr("reason", code, words, { who });
}

/** What kind of road user a reason is about. */
export const whoOf = (f: Frame): string => f.objects.find((o) => o.id === f.reason.subject)?.kind ?? "other";

export const kindText = (kind: string): string => tr("kind", kind, t("kind.unknown"));

/** Which of eight ways another lies, seen from the vehicle. */
export function bearing(f: Frame, o: { x: number; y: number }): "ahead" | "aheadLeft" | "left" | "behindLeft" | "behind" | "behindRight" | "right" | "aheadRight" {
  const a = Math.atan2(o.y - f.ego.y, o.x - f.ego.x) - f.ego.heading;
  const eighth = Math.round((Math.atan2(Math.sin(a), Math.cos(a)) * 4) / Math.PI);
  return (["ahead", "aheadLeft", "left", "behindLeft", "behind", "behindRight", "right", "aheadRight"] as const)[(eighth + 8) % 8]!;
}

/** Another road user in a line of text: what, where, how far, how fast. */
export function otherText(f: Frame, o: Other): string {
  const where = t(`bearing.${bearing(f, o)}`, { far: far(Math.hypot(o.x - f.ego.x, o.y - f.ego.y)) });
  const still = Math.abs(o.speed) < 0.4;
  return t("cabin.other", { what: kindText(o.kind), where, speed: still ? t("cabin.still") : kmh(Math.abs(o.speed) * 3.6) });
}

/** A turn that comes: "Left in 40 m". */
export function turnText(turn: string, metres: number): string {
  const words = tr("turn", turn, t("turn.straight"));
  return metres < 8 ? words : t("cabin.next", { turn: words, far: far(metres) });
}

/** The whole of a picture in one or two sentences, for those who hear it. */
export function summary(f: Frame): string {
  const parts = [reasonText(f.reason.code, f.reason.words, whoOf(f)), kmh(f.ego.speed * 3.6)];
  if (f.next && f.next.metres < 120 && f.next.turn !== "straight") parts.push(turnText(f.next.turn, f.next.metres));
  return parts.filter((p) => p !== "").join(prefs.value.lang === "zh" ? "。" : ". ");
}
