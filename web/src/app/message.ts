// A small part of ICU MessageFormat: {name}, {n, plural, =0 {...} one {...} other {# ...}} and
// {x, select, a {...} other {...}}, nested to any depth.

export type Args = Record<string, string | number>;

type Part = string | { arg: string; kind: "" | "plural" | "select"; forms: Map<string, Part[]> };

/** Reads a message once; the result gives its text for arguments. */
export function compile(text: string, lang: string): (args: Args) => string {
  const parts = parse(text);
  const rules = new Intl.PluralRules(lang);
  const number = new Intl.NumberFormat(lang);
  // In a line that runs from right to left, what is put in keeps its own direction (Unicode isolates).
  const isolate = lang.startsWith("ar") ? (s: string) => `\u2068${s}\u2069` : (s: string) => s;
  const print = (list: Part[], args: Args, count?: number): string =>
    list
      .map((p) => {
        if (typeof p === "string") return count === undefined ? p : p.replaceAll("#", number.format(count));
        const v = args[p.arg] ?? "";
        if (p.kind === "") return typeof v === "number" ? number.format(v) : isolate(v);
        if (p.kind === "select") return print(p.forms.get(String(v)) ?? p.forms.get("other") ?? [], args, count);
        const n = Number(v);
        const form = p.forms.get("=" + n) ?? p.forms.get(rules.select(n)) ?? p.forms.get("other") ?? [];
        return print(form, args, n);
      })
      .join("");
  return (args) => print(parts, args);
}

function parse(text: string): Part[] {
  let at = 0;
  const list = (): Part[] => {
    const out: Part[] = [];
    let plain = "";
    while (at < text.length && text[at] !== "}") {
      if (text[at] !== "{") {
        plain += text[at++];
        continue;
      }
      if (plain) out.push(plain);
      plain = "";
      at++;
      out.push(argument());
    }
    if (plain) out.push(plain);
    return out;
  };
  const word = (): string => {
    const m = /^\s*([^\s,{}]*)\s*/.exec(text.slice(at));
    at += m?.[0].length ?? 0;
    return m?.[1] ?? "";
  };
  const argument = (): Part => {
    const arg = word();
    if (text[at] === "}") {
      at++;
      return { arg, kind: "", forms: new Map() };
    }
    at++; // the comma
    const kind = word() === "plural" ? "plural" : "select";
    at++;
    const forms = new Map<string, Part[]>();
    for (let name = word(); name && text[at] === "{"; name = word()) {
      at++;
      forms.set(name, list());
      at++;
    }
    at++; // the closing brace
    return { arg, kind, forms };
  };
  return list();
}
