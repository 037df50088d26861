// What a person wants to know on coming in: lamps that are on, doors that stand open, how warm, how much power.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { now } from "../app/clock.ts";
import { state, td, things, type Summary } from "../app/hub.ts";
import { shows } from "../app/state.ts";
import type { Spot } from "../app/tree.ts";
import { t, tag } from "../app/words.ts";
import { deviceOf } from "../td/device.ts";
import { figure, join } from "../td/format.ts";
import { Icon } from "./icon.tsx";

interface Tally {
  lamps: number;
  lampsOn: number;
  open: number;
  openable: number;
  warmth: number[];
  alarms: number;
  away: number;
}

const indoors = ["climate", "temperature", "humidity", "motion", "room"];
const most = 600; // beyond this a glance is not one

function tally(list: Summary[], lang: string): Tally {
  const sum: Tally = { lamps: 0, lampsOn: 0, open: 0, openable: 0, warmth: [], alarms: 0, away: 0 };
  for (const s of list) {
    const d = td(s.id).peek();
    if (!d) continue;
    const device = deviceOf(d, lang);
    let known = 0;
    let stale = 0;
    for (const p of device.props) {
      const is = state(s.id, p.name).peek();
      if (is.quality !== "unknown") known++;
      if (is.quality === "stale") stale++;
      if (!shows(is) || is.quality === "stale") continue;
      const n = typeof is.value === "number" ? is.value : undefined;
      if (n !== undefined && p.unit === "°C" && !p.writable && indoors.includes(device.sort) && /temperature$/i.test(p.name)) {
        sum.warmth.push(n);
      }
      if (is.value === true && !p.writable && /smoke|moisture|gas|carbon.?monoxide/i.test(String(p.schema["@type"] ?? ""))) sum.alarms++;
      if (typeof is.value === "boolean" && !p.writable && /^(contact|open|opened|door|window)$/i.test(p.name)) {
        sum.openable++;
        if (is.value !== /^contact$/i.test(p.name)) sum.open++;
      }
    }
    if (known > 0 && stale === known) sum.away++;
    if (device.sort === "lamp" && device.lead?.control.kind === "switch") {
      sum.lamps++;
      const is = state(s.id, device.lead.name).peek();
      if (shows(is) && is.value === device.lead.control.on) sum.lampsOn++;
    }
  }
  return sum;
}

function under(spot: Spot, out: Summary[] = []): Summary[] {
  if (out.length < most) out.push(...spot.things);
  for (const i of spot.inside) under(i, out);
  return out;
}

export function Glance({ of }: { of: Spot }) {
  const sum = useSignal<Tally | undefined>(undefined);
  const lang = tag.value;
  useEffect(() => {
    const list = under(of).slice(0, most);
    const count = () => (sum.value = tally(list, lang));
    count();
    const timer = setInterval(() => document.hidden || count(), 1_000);
    return () => clearInterval(timer);
  }, [of, lang, things.value, now.peek() === 0]);
  const s = sum.value;
  if (!s || (s.lamps === 0 && s.openable === 0 && s.warmth.length === 0 && s.alarms === 0 && s.away === 0)) return null;
  const mean = s.warmth.reduce((a, b) => a + b, 0) / s.warmth.length;
  return (
    <ul class="glance" aria-label={t("glance.title")}>
      {s.lamps > 0 && (
        <li class={s.lampsOn > 0 ? "glance-warm" : ""}>
          <Icon name={s.lampsOn > 0 ? "lampOn" : "lamp"} />
          <span>{t("glance.lamps", { n: s.lampsOn })}</span>
        </li>
      )}
      {s.openable > 0 && (
        <li>
          <Icon name="door" />
          <span>{t("glance.open", { n: s.open })}</span>
        </li>
      )}
      {s.warmth.length > 0 && (
        <li>
          <Icon name="temperature" />
          <span>
            <bdi>{join(figure(mean, "°C", 0.1))}</bdi>
          </span>
          <span class="soft">{t("glance.warmth")}</span>
        </li>
      )}
      {s.alarms > 0 && (
        <li class="glance-alarm">
          <Icon name="alarm" />
          <span>{t("glance.alarms", { n: s.alarms })}</span>
        </li>
      )}
      {s.away > 0 && (
        <li class="glance-away">
          <Icon name="offline" />
          <span>{t("glance.away", { n: s.away })}</span>
        </li>
      )}
    </ul>
  );
}
