// From a data schema to the control that fits it.
import { list, type Schema, spell, titleOf } from "./td.ts";

export interface Choice {
  value: unknown;
  title: string;
}

export type Colour = "rgb" | "hs" | "xy" | "hex";

export type Control =
  | { kind: "switch"; on: unknown; off: unknown }
  | { kind: "slider"; min: number; max: number; step: number; look: "plain" | "light" | "warmth"; unit: string }
  | { kind: "number"; min: number | undefined; max: number | undefined; step: number | "any"; whole: boolean; unit: string }
  | { kind: "choice"; choices: Choice[] }
  | { kind: "text"; secret: boolean; maxLength: number | undefined; input: "text" | "date" | "time" | "url" | "email" }
  | { kind: "colour"; form: Colour }
  | { kind: "object"; fields: [name: string, schema: Schema, required: boolean][] }
  | { kind: "json" } // an array, or an object or value whose schema says nothing
  | { kind: "none" }; // nothing to enter

/** The control for a value of this schema, whether or not it may be written. name helps where a schema is vague. */
export function controlOf(s: Schema | undefined, name: string, lang: string): Control {
  if (!s) return { kind: "none" };
  const choices = choicesOf(s, lang);
  if (choices) return twoWay(choices) ?? { kind: "choice", choices };
  switch (s.type) {
    case "boolean":
      return { kind: "switch", on: true, off: false };
    case "integer":
    case "number":
      return numeric(s, name);
    case "string":
      return textual(s, name);
    case "object": {
      const form = colourForm(s, name);
      if (form) return { kind: "colour", form };
      const fields = Object.entries(s.properties ?? {});
      const needed = new Set(s.required ?? []);
      if (fields.length === 0) return { kind: "json" };
      return { kind: "object", fields: fields.map(([n, f]) => [n, f, needed.has(n)]) };
    }
    case "null":
      return { kind: "none" };
  }
  return { kind: "json" };
}

function choicesOf(s: Schema, lang: string): Choice[] | undefined {
  if (s.enum && s.enum.length > 0) {
    return s.enum.map((value) => ({ value, title: typeof value === "string" ? spell(value) || "–" : JSON.stringify(value) }));
  }
  if (s.oneOf && s.oneOf.length > 0 && s.oneOf.every((o) => "const" in o)) {
    return s.oneOf.map((o) => ({ value: o.const, title: titleOf(o, lang, String(o.const)) }));
  }
  return undefined;
}

/** A choice between the words for on and off is a switch. */
function twoWay(choices: Choice[]): Control | undefined {
  if (choices.length !== 2) return undefined;
  const find = (words: RegExp) => choices.find((c) => words.test(String(c.value)))?.value;
  const on = find(/^(on|true|1|enabled?|active)$/i);
  const off = find(/^(off|false|0|disabled?|inactive)$/i);
  return on === undefined || off === undefined ? undefined : { kind: "switch", on, off };
}

function numeric(s: Schema, name: string): Control {
  const whole = s.type === "integer";
  const unit = unitOf(s.unit);
  const min = s.minimum ?? (whole && s.exclusiveMinimum !== undefined ? s.exclusiveMinimum + 1 : s.exclusiveMinimum);
  const max = s.maximum ?? (whole && s.exclusiveMaximum !== undefined ? s.exclusiveMaximum - 1 : s.exclusiveMaximum);
  const span = min !== undefined && max !== undefined && max > min ? max - min : undefined;
  const step = s.multipleOf && s.multipleOf > 0 ? s.multipleOf : whole ? 1 : undefined;
  // A slider where a finger can tell the places apart; a field for a port number or a year.
  if (span !== undefined && min !== undefined && max !== undefined && span <= 10_000) {
    return { kind: "slider", min, max, step: step ?? niceStep(span), look: sliderLook(s, name), unit };
  }
  return { kind: "number", min, max, step: step ?? "any", whole, unit };
}

function niceStep(span: number): number {
  return 10 ** Math.floor(Math.log10(span / 50));
}

function sliderLook(s: Schema, name: string): "plain" | "light" | "warmth" {
  const about = (name + " " + list(s["@type"]).join(" ")).toLowerCase();
  if (/colou?r.?temp/.test(about) || s.unit === "mired" || s.unit === "K") return "warmth";
  if (/bright|level.?light|dimm/.test(about)) return "light";
  return "plain";
}

function textual(s: Schema, name: string): Control {
  const about = (name + " " + list(s["@type"]).join(" ")).toLowerCase();
  if (/colou?r/.test(about) && (/hex/.test(about) || s.format === "color" || /\{6\}/.test(s.pattern ?? ""))) {
    return { kind: "colour", form: "hex" };
  }
  const input = ({ date: "date", time: "time", uri: "url", email: "email" } as const)[s.format ?? ""] ?? "text";
  return { kind: "text", secret: s.format === "password" || s.writeOnly === true, maxLength: s.maxLength, input };
}

function colourForm(s: Schema, name: string): Colour | undefined {
  const p = s.properties;
  if (!p) return undefined;
  if (p.r && p.g && p.b) return "rgb";
  if ((p.h && p.s) || (p.hue && p.saturation)) return "hs";
  if (p.x && p.y && /colou?r/i.test(name + list(s["@type"]).join(" "))) return "xy";
  return undefined;
}

const units: Record<string, string> = {
  percent: "%",
  degc: "°C",
  degf: "°F",
  deg: "°",
  perminute: "/min",
  celsius: "°C",
  "degree celsius": "°C",
  "degrees celsius": "°C",
  degree_celsius: "°C",
  fahrenheit: "°F",
  kelvin: "K",
  watt: "W",
  kilowatt: "kW",
  "kilowatt hour": "kWh",
  volt: "V",
  ampere: "A",
  lux: "lx",
  metre: "m",
  meter: "m",
  second: "s",
  degree: "°",
  hectopascal: "hPa",
};

/** A unit as it is printed: "om:degree_Celsius", "celsius" and "°C" are all °C. */
export function unitOf(unit: string | undefined): string {
  if (!unit) return "";
  const bare = unit.replace(/^[a-z]+:(?!\/)/i, "").replace(/^.*[/#]/, (m) => (unit.includes("://") ? "" : m));
  return units[bare.toLowerCase()] ?? units[bare.toLowerCase().replaceAll("_", " ")] ?? bare;
}
