// A value in words.
import { number, t, tr } from "../app/words.ts";
import type { Control } from "./control.ts";
import { list, type Schema, spell } from "./td.ts";

/** A number with its unit, split so that the unit can be set smaller. */
export interface Figure {
  text: string;
  unit: string;
}

const larger: Record<string, string> = { W: "kW", Wh: "kWh", VA: "kVA" };

/** A number as precise as its step, its size and its unit make sensible. */
export function figure(n: number, unit: string, step?: number): Figure {
  if (larger[unit] && Math.abs(n) >= 10_000) return figure(n / 1000, larger[unit] ?? "", 0.1);
  const size = Math.abs(n);
  let digits = size >= 1000 ? 0 : size >= 100 ? 1 : 2;
  if (unit === "%" || unit === "°C" || unit === "°F") digits = Math.min(digits, 1);
  if (unit === "°") digits = 1;
  if (step && step > 0) digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  return { text: number(n, digits), unit };
}

/** How finely a property's numbers are worth printing, where its schema or its name tells. */
export function stepOf(schema: Schema, name: string): number | undefined {
  if (typeof schema.multipleOf === "number" && schema.multipleOf > 0) return schema.multipleOf;
  return /^(lat|lon|lng)(itude|gitude)?$/i.test(name) ? 0.00001 : undefined;
}

interface Numeric {
  control: Control;
  schema: Schema;
  name: string;
  unit: string;
}

/** The number that people say for a number of this property, and its unit: light in percent, warmth in kelvin. */
export function scaleOf(p: Numeric): { of: (n: number) => number; unit: string; step: number | undefined } {
  const c = p.control;
  if (c.kind === "slider" && c.look === "light" && c.unit === "") {
    const low = Math.min(0, c.min);
    return { of: (n) => ((n - low) / (c.max - low)) * 100, unit: "%", step: 1 };
  }
  if (c.kind === "slider" && c.look === "warmth" && c.unit === "mired") {
    return { of: (n) => (n > 0 ? Math.round(1e6 / n / 50) * 50 : 0), unit: "K", step: 1 };
  }
  return { of: (n) => n, unit: p.unit, step: stepOf(p.schema, p.name) };
}

/** A number of this property as people say it. */
export function figureOf(p: Numeric, n: number): Figure {
  const s = scaleOf(p);
  return figure(s.of(n), s.unit, s.step);
}

/** A value as one line of text; state words are in the language of the page, free text as the device wrote it. */
export function textOf(
  value: unknown,
  control: Control,
  schema: Schema,
  name: string,
  unit: string,
  labelled = false, // whether the title stands beside it: "Door open" is then yes or no, not "Closed"
): string {
  if (value === null || value === undefined) return "–";
  switch (control.kind) {
    case "switch":
      return onOff(value === control.on, schema, name, labelled);
    case "choice": {
      const found = control.choices.find((c) => c.value === value);
      return tr("word", String(value).toLowerCase(), found?.title ?? String(value));
    }
    case "slider":
    case "number":
      if (typeof value === "number") {
        return join(figureOf({ control, schema, name, unit }, value));
      }
  }
  if (typeof value === "boolean") return onOff(value, schema, name, labelled);
  if (typeof value === "number") return join(figure(value, unit));
  if (typeof value === "string") {
    if (value === "") return "–";
    return unit ? value + "\u202f" + unit : tr("word", value.toLowerCase(), value);
  }
  return structure(value);
}

export const join = (f: Figure): string => (f.unit === "" ? f.text : f.text + "\u202f" + f.unit);

const pairs: [RegExp, "open" | "motion" | "wet" | "presence" | "problem" | "link" | "lock" | "charge" | "smoke"][] = [
  [/motion|moving|vibration/, "motion"],
  [/occupan|occupied|presence|person/, "presence"],
  [/leak|moisture|flood|wet|rain/, "wet"],
  [/smoke|gas|\bco\b|fire/, "smoke"],
  [/tamper|problem|fault|failure|error|alarm|alert|battery.?low|low.?battery/, "problem"],
  [/charging|plugged/, "charge"],
  [/^locked$|\block(ed)?\b/, "lock"],
  [/connect|online|reachable|link/, "link"],
  [/contact|door|window|open|gate|cover|valve|garage/, "open"],
];

/** Whether the words for true and false say what it is that is so, as "open" and "closed" do. */
export function speaks(schema: Schema, name: string): boolean {
  return kindOf(schema, name) !== undefined || schema.type !== "boolean";
}

function onOff(on: boolean, schema: Schema, name: string, labelled: boolean): string {
  const kind = kindOf(schema, name);
  if (!kind) return t(`${schema.readOnly ? "so" : "on"}.${on ? "yes" : "no"}`);
  // A bare contact is closed when it touches; one whose class says what it guards is on when that is open.
  const yes = kind === "open" && !schema["@type"] && /^contact/i.test(name) ? !on : on;
  const title = (schema.title ?? name).toLowerCase();
  if (labelled && title.includes(t(`${kind}.yes`).toLowerCase())) return t(`so.${yes ? "yes" : "no"}`);
  return t(`${kind}.${yes ? "yes" : "no"}`);
}

function kindOf(schema: Schema, name: string): (typeof pairs)[number][1] | undefined {
  const find = (about: string) => pairs.find(([words]) => words.test(about))?.[1];
  return find(list(schema["@type"]).map((c) => loose(c.replace(/^.*:/, ""))).join(" ")) ?? find(loose(name));
}

const loose = (s: string): string => s.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_-]/g, " ").toLowerCase();

/** An object or array in short. */
export function structure(value: unknown): string {
  if (Array.isArray(value)) {
    const short = value.slice(0, 3).map(leaf).join(", ");
    return value.length === 0 ? "–" : value.length > 3 ? short + " …" : short;
  }
  const o = value as Record<string, unknown>;
  const lat = o.latitude ?? o.lat;
  const lon = o.longitude ?? o.lon ?? o.lng;
  if (typeof lat === "number" && typeof lon === "number") return `${number(lat, 5)}, ${number(lon, 5)}`;
  const parts = Object.entries(o).slice(0, 3).map(([k, v]) => spell(k) + " " + leaf(v));
  return parts.join(" · ") + (Object.keys(o).length > 3 ? " …" : "");
}

function leaf(v: unknown): string {
  if (typeof v === "number") return number(v);
  if (typeof v === "object" && v !== null) return Array.isArray(v) ? "[…]" : "{…}";
  return String(v);
}
