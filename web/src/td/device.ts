// A TD as the page shows it: its affordances with a control each, in the order a person would want them.
import { tr } from "../app/words.ts";
import type { Icon } from "../ui/icon.tsx";
import { type Control, controlOf, unitOf } from "./control.ts";
import { sortOf } from "./sort.ts";
import { type ActionAffordance, descriptionOf, list, type PropertyAffordance, type Schema, spell, type TD, titleOf } from "./td.ts";

export interface Prop {
  name: string;
  title: string;
  description: string;
  schema: PropertyAffordance;
  control: Control;
  unit: string;
  writable: boolean;
  readable: boolean;
  weight: number; // how much it matters on a card; the larger the more
}

export interface Act {
  name: string;
  title: string;
  description: string;
  schema: ActionAffordance;
  input: Schema | undefined;
  control: Control;
  weight: number;
}

export interface Evt {
  name: string;
  title: string;
  description: string;
  data: Schema | undefined;
}

export interface Device {
  title: string;
  description: string;
  sort: Icon;
  props: Prop[];
  acts: Act[];
  events: Evt[];
  lead: Prop | undefined; // what the card's own switch or big value is
}

const cache = new WeakMap<TD, Map<string, Device>>();

/** Reads a TD for a language; done once for each. */
export function deviceOf(td: TD, lang: string): Device {
  let of = cache.get(td);
  if (!of) cache.set(td, (of = new Map()));
  let d = of.get(lang);
  if (!d) of.set(lang, (d = read(td, lang)));
  return d;
}

function read(td: TD, lang: string): Device {
  const title = titleOf(td, lang, td.id);
  const mains = mainsOf(td, lang, title);
  const nameOf = (d: Named, lang: string, name: string) => named(d, lang, name, mains);
  const props = Object.entries(td.properties ?? {}).map(([name, schema]): Prop => {
    const control = controlOf(schema, name, lang);
    const writable = schema.readOnly !== true;
    return {
      name,
      title: nameOf(schema, lang, name),
      description: descriptionOf(schema, lang),
      schema,
      control,
      unit: unitOf(schema.unit),
      writable,
      readable: schema.writeOnly !== true,
      weight: weigh(name, schema, control, writable),
    };
  });
  const acts = Object.entries(td.actions ?? {}).map(
    ([name, schema]): Act => ({
      name,
      title: nameOf(schema, lang, name),
      description: descriptionOf(schema, lang),
      schema,
      input: schema.input,
      control: controlOf(schema.input, name, lang),
      weight: schema.input ? 0 : /identify|reset|restart|calibrat|update|factory/i.test(name) ? 1 : 10,
    }),
  );
  const events = Object.entries(td.events ?? {}).map(
    ([name, e]): Evt => ({ name, title: nameOf(e, lang, name), description: descriptionOf(e, lang), data: e.data }),
  );
  return { title, description: descriptionOf(td, lang), sort: sortOf(td, td.title ?? title), props, acts, events, lead: leadOf(props) };
}

interface Named {
  title?: string;
  titles?: Record<string, string>;
  "@type"?: string | string[];
}

/** The titles that others repeat: the Thing's own, and those of properties whose names begin the names of others. */
function mainsOf(td: TD, lang: string, title: string): string[] {
  const names = [td.properties, td.actions, td.events].flatMap((o) => Object.keys(o ?? {}));
  const part = /^(light|switch|cover|climate|fan|humidifier|lock|vacuum|valve|siren|water_heater|lawn_mower|alarm)/;
  const begins = (name: string) => part.test(name) && names.some((n) => n.startsWith(name + "_"));
  const mains = Object.entries(td.properties ?? {})
    .filter(([name]) => begins(name) && !names.some((n) => name.startsWith(n + "_")))
    .map(([name, p]) => titleOf(p, lang, name));
  return [title, ...mains, ...mains.map((m) => title + " " + m)].sort((a, b) => b.length - a.length);
}

/**
 * The title in the language asked for, without what is said already: "Light brightness" of a "Light" is "Brightness".
 * Where the TD has no title in the language, the page's own word for a common plain name stands in.
 */
function named(d: Named, lang: string, name: string, mains: string[]): string {
  let title = titleOf(d, lang, name);
  const main = mains.find((m) => title.toLowerCase().startsWith(m.toLowerCase() + " "));
  if (main) title = spell(title.slice(main.length + 1));
  else if (mains.at(-1) === title && mains.length === 1) title = spell(list(d["@type"])[0]?.replace(/^.*:/, "") ?? name);
  return lang.startsWith("en") || d.titles ? title : tr("name", title.toLowerCase(), title);
}

const dull =
  /link.?quality|rssi|lqi|last.?seen|uptime|firmware|version|update|battery|voltage|identify|power.?on.?behav|calibrat|sensitiv|timeout|interval|countdown|config|child.?lock|led.?indic|indicator|effect|options|debug|mac|ip.?addr|network|diagnos|^lat|^lon|heading|hold.?time|delay|offset|precision|threshold/i;

function weigh(name: string, s: PropertyAffordance, c: Control, writable: boolean): number {
  let w = writable ? 40 : 30;
  if (c.kind === "json" || c.kind === "object" || c.kind === "none") w -= 25;
  if (c.kind === "text") w -= 10;
  if (s.writeOnly) w -= 30;
  if (/^(state|on|power|on.?off|switch|lock|locked|position|open|target|setpoint|occupied|temperature|speed)/i.test(name)) w += 8;
  if (c.kind === "slider" || c.kind === "colour") w += 5;
  if (dull.test(name) || dull.test(list(s["@type"]).join(" "))) w -= 30;
  if (s["hutong:category"] === "diagnostic" || s["hutong:category"] === "config") w -= 25;
  return w;
}

function leadOf(props: Prop[]): Prop | undefined {
  const switches = props.filter((p) => p.control.kind === "switch" && p.writable && p.readable && p.weight > 15);
  const named = switches.find((p) => /^(on|state|power|on.?off|switch|locked?|open)$/i.test(p.name));
  if (named ?? switches[0]) return named ?? switches[0];
  return undefined;
}

/** What stands beside the name where there is no switch: the one reading that is a word, such as open or closed. */
export function wordOf(d: Device): Prop | undefined {
  if (d.lead) return undefined;
  const words = d.props.filter((p) => !p.writable && p.readable && p.weight > 5 && (p.control.kind === "switch" || p.control.kind === "choice"));
  return [...words].sort((a, b) => b.weight - a.weight)[0];
}

/** What a card shows below its title: the few that matter most, in the order of the TD. */
export function rowsOf(d: Device, most: number): Prop[] {
  const others = d.props.filter((p) => p !== d.lead && p !== wordOf(d) && p.readable && p.weight > 5);
  const best = [...others].sort((a, b) => b.weight - a.weight).slice(0, most);
  return others.filter((p) => best.includes(p));
}

/** How tall a card will be, roughly: rooms put cards of a height side by side. */
export function heightOf(d: Device): number {
  const rows = rowsOf(d, 3);
  const figures = d.lead ? [] : rows.filter((p) => !p.writable && (p.control.kind === "slider" || p.control.kind === "number")).slice(0, 2);
  const rest = rows.filter((p) => !figures.includes(p));
  const tall = rest.reduce((n, p) => n + (p.writable && p.control.kind === "slider" ? 3 : 2), 0);
  return tall + (figures.length > 0 ? 3 : 0) + (buttonsOf(d, 3).length > 0 ? 2 : 0);
}

/** The buttons on a card: actions that need no words, most useful first. */
export function buttonsOf(d: Device, most: number): Act[] {
  return d.acts.filter((a) => a.weight >= 10).slice(0, most);
}
