// What this page reads of a W3C Thing Description 1.1. Everything is optional: a TD comes from a device.

export interface Schema {
  "@type"?: string | string[];
  title?: string;
  titles?: Record<string, string>;
  description?: string;
  descriptions?: Record<string, string>;
  type?: string;
  const?: unknown;
  default?: unknown;
  unit?: string;
  oneOf?: Schema[];
  enum?: unknown[];
  readOnly?: boolean;
  writeOnly?: boolean;
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  items?: Schema | Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  [term: string]: unknown;
}

export interface Form {
  href?: string;
  op?: string | string[];
  [term: string]: unknown;
}

export interface PropertyAffordance extends Schema {
  observable?: boolean;
  forms?: Form[];
}

export interface ActionAffordance {
  "@type"?: string | string[];
  title?: string;
  titles?: Record<string, string>;
  description?: string;
  descriptions?: Record<string, string>;
  input?: Schema;
  output?: Schema;
  safe?: boolean;
  idempotent?: boolean;
  forms?: Form[];
  [term: string]: unknown;
}

export interface EventAffordance {
  title?: string;
  titles?: Record<string, string>;
  description?: string;
  descriptions?: Record<string, string>;
  data?: Schema;
  forms?: Form[];
  [term: string]: unknown;
}

export interface TD {
  id: string;
  "@type"?: string | string[];
  title?: string;
  titles?: Record<string, string>;
  description?: string;
  descriptions?: Record<string, string>;
  properties?: Record<string, PropertyAffordance>;
  actions?: Record<string, ActionAffordance>;
  events?: Record<string, EventAffordance>;
  [term: string]: unknown;
}

/** A term that may be written once or as a list, as a list. */
export function list<T>(v: T | T[] | undefined): T[] {
  return v === undefined ? [] : Array.isArray(v) ? v : [v];
}

/** The text of something described, in lang when it has that, else as it stands. */
export function titleOf(
  d: { title?: string; titles?: Record<string, string> },
  lang: string,
  name: string,
): string {
  return inLang(d.titles, lang) ?? d.title ?? spell(name);
}

export function descriptionOf(
  d: { description?: string; descriptions?: Record<string, string> },
  lang: string,
): string {
  return inLang(d.descriptions, lang) ?? d.description ?? "";
}

function inLang(texts: Record<string, string> | undefined, lang: string): string | undefined {
  if (!texts) return undefined;
  const low = lang.toLowerCase();
  for (const [tag, text] of Object.entries(texts)) {
    if (tag.toLowerCase() === low) return text;
  }
  for (const [tag, text] of Object.entries(texts)) {
    if (tag.toLowerCase().split("-")[0] === low.split("-")[0]) return text;
  }
  return undefined;
}

/** A name from a program as words: "color_temp" and "colorTemp" become "Color temp". */
export function spell(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])(?=[a-z])/g, (_, a: string, b: string) => a + " " + b.toLowerCase())
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[_\-.]+/g, " ")
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
