// What the page thinks, without a browser. Run by web/build's tests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { align, lineOf, stretchesOf } from "../src/app/history.ts";
import { compile } from "../src/app/message.ts";
import { Cutter } from "../src/app/sse.ts";
import { same, stateOf } from "../src/app/state.ts";
import { fromHex, toHex } from "../src/td/colour.ts";
import { controlOf, unitOf } from "../src/td/control.ts";
import { sortOf } from "../src/td/sort.ts";
import { list, spell, titleOf } from "../src/td/td.ts";
import { partsOf } from "../src/ui/yaml.tsx";

test("a message takes its arguments, plurals and choices", () => {
  const f = (text: string, lang: string, args: Record<string, string | number>, want: string) =>
    assert.equal(compile(text, lang)(args), want, text);
  f("plain", "en", {}, "plain");
  f("{a} and {b}", "en", { a: "x", b: 1200 }, "x and 1,200");
  f("{n, plural, =0 {none} one {# lamp} other {# lamps}}", "en", { n: 0 }, "none");
  f("{n, plural, =0 {none} one {# lamp} other {# lamps}}", "en", { n: 1 }, "1 lamp");
  f("{n, plural, one {# {what}} other {# {what}s}}", "en", { n: 2, what: "lamp" }, "2 lamps");
  f("{n, plural, two {pair} few {few} other {more}}", "ar", { n: 2 }, "pair");
  f("{n, plural, two {pair} few {few} other {more}}", "ar", { n: 5 }, "few");
  f("{x, select, a {A} other {?}}", "en", { x: "b" }, "?");
  f("من {low}", "ar", { low: "19 °C" }, "من \u206819 °C\u2069");
});

test("a stream of events is cut wherever its pieces break", () => {
  const text = ": ping\n\nevent: delta\r\nid: 7\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\ndata:x\n\ndata: lost";
  const whole = new Cutter().push(text);
  assert.deepEqual(whole, [
    { id: "7", event: "delta", data: '{"a":\n1}' },
    { id: "7", event: "message", data: "x" },
  ]);
  for (let size = 1; size < 9; size++) {
    const cutter = new Cutter();
    const out = [];
    for (let i = 0; i < text.length; i += size) out.push(...cutter.push(text.slice(i, i + size)));
    assert.deepEqual(out, whole, `pieces of ${size}`);
  }
});

test("a schema gets the control that fits it", () => {
  const f = (schema: Record<string, unknown>, name: string, want: string) => assert.equal(controlOf(schema, name, "en").kind, want, JSON.stringify(schema));
  f({ type: "boolean" }, "on", "switch");
  f({ type: "string", enum: ["ON", "OFF"] }, "state", "switch");
  f({ type: "string", enum: ["off", "heat"] }, "mode", "choice");
  f({ oneOf: [{ const: 1, title: "One" }, { const: 2 }] }, "x", "choice");
  f({ type: "integer", minimum: 0, maximum: 254 }, "brightness", "slider");
  f({ type: "integer", minimum: 0, maximum: 65535 }, "port", "number");
  f({ type: "number", minimum: 5, maximum: 5 }, "x", "number");
  f({ type: "number" }, "x", "number");
  f({ type: "string" }, "x", "text");
  f({ type: "object", properties: { r: {}, g: {}, b: {} } }, "color", "colour");
  f({ type: "object", properties: { h: {}, s: {} } }, "light_color", "colour");
  f({ type: "object", properties: { x: {}, y: {} } }, "position", "object");
  f({ type: "object" }, "x", "json");
  f({}, "x", "json");
  f({ type: "null" }, "x", "none");
  const light = controlOf({ type: "integer", minimum: 0, maximum: 254 }, "brightness", "en");
  assert.ok(light.kind === "slider" && light.look === "light" && light.step === 1);
  const part = controlOf({ type: "number", exclusiveMinimum: 0, maximum: 1 }, "x", "en");
  assert.ok(part.kind === "slider" && part.step > 0 && part.step <= 0.02);
});

test("units are printed alike whoever wrote them", () => {
  for (const [unit, want] of [["om:degree_Celsius", "°C"], ["celsius", "°C"], ["degC", "°C"], ["percent", "%"], ["%", "%"], ["µg/m³", "µg/m³"], ["km/h", "km/h"], ["", ""], ["http://www.ontology-of-units-of-measure.org/resource/om-2/kelvin", "K"]] as const) {
    assert.equal(unitOf(unit), want);
  }
});

test("a colour comes back as it went", () => {
  for (const form of ["rgb", "hs", "xy", "hex"] as const) {
    for (const hex of ["#ff0000", "#00ff00", "#0000ff", "#ff8000", "#ffffff"]) {
      const back = toHex(fromHex(hex, form, undefined), form) ?? "";
      for (let i = 1; i < 7; i += 2) {
        assert.ok(Math.abs(parseInt(back.slice(i, i + 2), 16) - parseInt(hex.slice(i, i + 2), 16)) <= 8, `${form} ${hex} ${back}`);
      }
    }
  }
  assert.deepEqual(Object.keys(fromHex("#ff0000", "hs", { hue: 1, saturation: 1 }) as object), ["hue", "saturation"]);
  assert.deepEqual(Object.keys(fromHex("#ff0000", "hs", { x: 0.3, y: 0.3 }) as object), ["x", "y"]);
  for (const bad of [null, 5, {}, { r: "x", g: 1, b: 1 }, "#12", "red"]) assert.equal(toHex(bad, typeof bad === "string" ? "hex" : "rgb"), undefined);
});

test("equal is what a person would call equal", () => {
  assert.ok(same(1, 1.0000000001) && same({ a: [1] }, { a: [1] }) && same(null, null));
  assert.ok(!same(1, 1.01) && !same({ a: 1 }, { a: 1, b: 2 }) && !same([1], { 0: 1 }) && !same(null, 0) && !same(false, 0));
});

const at = (s: number) => new Date(s * 1000).toISOString();

test("a line has gaps where nothing is known, and never goes back", () => {
  const line = lineOf([
    { time: at(10), value: 1, quality: "good" },
    { time: at(5), value: 9, quality: "good" },
    { time: at(20), value: 2, quality: "bad" },
    { time: at(30), value: "x", quality: "good" },
    { time: "never", value: 3, quality: "good" },
    { time: at(40), value: 4, quality: "stale" },
  ]);
  assert.deepEqual(line, { xs: [10, 20, 30, 40], ys: [1, null, null, 4] });
  assert.deepEqual(align([{ xs: [1, 2], ys: [1, 2] }, { xs: [2, 3], ys: [5, 6] }]), { xs: [1, 2, 3], ys: [[1, 2, null], [null, 5, 6]] });
});

test("a value holds until the next one", () => {
  const is = stateOf([true, 5, 30_000, 30_000]);
  const list = stretchesOf([{ time: at(10), value: true, quality: "good" }, { time: at(15), value: true, quality: "good" }, { time: at(20), value: false, quality: "good" }], 0, 40_000, is);
  assert.deepEqual(list, [
    { from: 0, to: 10_000, value: undefined },
    { from: 10_000, to: 20_000, value: true },
    { from: 20_000, to: 30_000, value: false },
    { from: 30_000, to: 40_000, value: true },
  ]);
  assert.deepEqual(stretchesOf([], 50_000, 60_000, is), [{ from: 50_000, to: 60_000, value: true }]);
  assert.deepEqual(stretchesOf([], 0, 60_000, stateOf([null, 0, 0, 0])), [{ from: 0, to: 60_000, value: undefined }]);
});

test("what a Thing is shows from its type, then its name, then its parts", () => {
  const f = (type: string | undefined, title: string, parts: string[], want: string) =>
    assert.equal(sortOf({ id: "urn:x", ...(type ? { "@type": type } : {}), properties: Object.fromEntries(parts.map((p) => [p, {}])) }, title), want, title);
  f("hutong:Light", "Table lamp", ["light"], "lamp");
  f("TrafficSignal", "Signal 1", ["phase"], "traffic");
  f(undefined, "Front door", ["open"], "door");
  f(undefined, "0x00158d", ["temperature", "humidity"], "temperature");
  f(undefined, "Something", ["x"], "device");
});

test("words and lists are read leniently", () => {
  assert.equal(spell("color_temp"), "Color temp");
  assert.equal(spell("doorOpen"), "Door open");
  assert.equal(titleOf({ title: "Lamp", titles: { "zh-Hans": "灯", ar: "مصباح" } }, "ar-u-nu-latn", "x"), "مصباح");
  assert.deepEqual(list("a"), ["a"]);
  assert.deepEqual(list(undefined), []);
});

test("a rule's text falls into its parts", () => {
  const parts = partsOf("# remark\ntitle: Night light\nwhen:\n  - change: door\n    to: true\n\nif: dark\nthen:\n- set: {lamp: true}\n");
  assert.deepEqual([...parts], [
    ["title", "Night light"],
    ["when", "- change: door\n  to: true"],
    ["if", "dark"],
    ["then", "- set: {lamp: true}"],
  ]);
});
