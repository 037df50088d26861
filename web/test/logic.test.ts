// What the page thinks, without a browser. Run by web/build's tests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { align, lineOf, stretchesOf } from "../src/app/history.ts";
import { compile } from "../src/app/message.ts";
import { Cutter } from "../src/app/sse.ts";
import { same, stateOf } from "../src/app/state.ts";
import { toGround, toScreen } from "../src/road/camera.ts";
import { mix, Player, readFrame } from "../src/road/frame.ts";
import { groundOf, offset } from "../src/road/ground.ts";
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

test("a cabin frame is read, and what is broken in it is left out", () => {
  const text = '{"t":12.3,"ego":[1,2,0.5,8,0,0,5,2],"mode":"driving","reason":{"code":"yield","words":"Giving way","subject":17,"signal":-1},"limit":13.9,"plan":[[1,2,3],[4,"x",5],[6,7]],"objects":[[17,"bicycle",9,9,0,4,1.8,0.6,1],[18,"car",null,1,1],"x"],"paths":[[17,0.7,[[1,1],[2,2]]],[18,1,[[1,1]]]],"lights":[[3,"red",4.5],["a","red",1]],"next":["left",42],"vetoed":3,"candidates":[["keep 1.0",0.8,""],["left",7,"shield"]]}';
  const f = readFrame(text);
  assert.ok(f);
  assert.deepEqual([f.t, f.ego.x, f.ego.length, f.mode, f.limit, f.vetoed], [12.3, 1, 5, "driving", 13.9, 3]);
  assert.deepEqual(f.plan, [[1, 2, 3], [6, 7, 0]]);
  assert.deepEqual(f.objects.map((o) => [o.id, o.kind, o.flags]), [[17, "bicycle", 1]]);
  assert.deepEqual(f.paths.map((p) => p.id), [17]);
  assert.deepEqual(f.lights, [{ signal: 3, colour: "red", left: 4.5 }]);
  assert.deepEqual(f.next, { turn: "left", metres: 42 });
  assert.deepEqual(f.candidates, [{ name: "keep 1.0", score: 0.8, veto: "" }, { name: "left", score: 0, veto: "shield" }]);
  for (const bad of ["", "[]", "null", "7", "{}", '{"t":1}', '{"t":1,"ego":[1,2]}', '{"t":1,"ego":[1,2,"x",4]}', '{"t":"1","ego":[1,2,3,4]}']) assert.equal(readFrame(bad), undefined, bad);
  assert.ok(readFrame('{"t":1,"ego":[1,2,3,4]}'), "time and ego are enough");
});

const shown = (t: number, x: number, heading = 0, others: [number, number][] = []) =>
  readFrame(JSON.stringify({ t, ego: [x, 0, heading, 10], objects: others.map(([id, ox]) => [id, "car", ox, 5, 0, 10]), lights: [[1, "red", 20 - t]] }))!;

test("between two frames the picture is between them; what comes or goes fades", () => {
  const m = mix(shown(1, 10, 3.1, [[1, 0], [2, 4]]), shown(1.1, 11, -3.1, [[1, 1], [3, 7], [4, 9]]), 0.25);
  assert.ok(Math.abs(m.ego.x - 10.25) < 1e-9);
  assert.ok(Math.abs(Math.cos(m.ego.heading) - Math.cos(3.1 + 0.25 * (2 * Math.PI - 6.2))) < 1e-9, "the shorter way round");
  const by = new Map(m.objects.map((o) => [o.id, o]));
  assert.equal(by.get(1)?.x, 0.25);
  assert.deepEqual([by.get(1)?.shown, by.get(3)?.shown, by.get(2)?.shown], [1, 0.25, 0.75]);
  assert.ok(Math.abs((m.lights[0]?.left ?? 0) - 18.975) < 1e-9, "a countdown goes on between frames");
  assert.equal(mix(shown(1, 0), shown(1.1, 500), 0.5).ego.x, 500, "who is put elsewhere does not glide there");
});

test("frames that come unevenly are played evenly, never backwards, and grow old", () => {
  const p = new Player();
  assert.equal(p.at(0), undefined);
  assert.equal(p.age(0), Infinity);
  let seed = 3;
  const late = () => (seed = (seed * 48271) % 2147483647) % 60;
  const arrivals = Array.from({ length: 100 }, (_, i) => ({ at: 5_000 + i * 100 + late(), f: shown(i / 10, i) }));
  let last = -Infinity;
  let next = 0;
  const steps: number[] = [];
  for (let now = 5_000; now < 15_100; now += 16) {
    while (next < arrivals.length && arrivals[next]!.at <= now) p.push(arrivals[next]!.f, arrivals[next++]!.at);
    const x = p.at(now)?.ego.x ?? last;
    if (now > 8_000) steps.push(x - last);
    assert.ok(x >= last - 0.05, `${x} after ${last}`);
    last = x;
  }
  assert.ok(Math.max(...steps) < 0.4, "no jumps: " + Math.max(...steps));
  assert.equal(p.age(arrivals.at(-1)!.at + 3_000), 3);
  const held = p.at(60_000)?.ego.x ?? 0;
  assert.ok(held < 99 + 3, "it stands still rather than being made up: " + held);
  p.push(shown(0, 7), 60_100);
  assert.equal(p.at(60_100)?.ego.x, 7, "a world that begins anew is shown as it is");
});

const straight = (id: number, y: number, back = false) => ({ id, kind: "drive", width: 3, points: (back ? [[60, y], [0, y]] : [[0, y], [60, y]]) as [number, number][] });

test("the lines of a road part lanes of one way by dashes and both ways by a middle line", () => {
  const g = groundOf({ lanes: [straight(0, 0), straight(1, 3), straight(2, 6, true), { id: 3, kind: "drive", width: 3, points: [[1, 1]] }], signals: [], crossings: [] });
  assert.equal(g.surfaces.length, 3, "a lane of one point is passed over");
  const of = (kind: string) => g.lines.filter((l) => l.kind === kind).map((l) => Math.round((l.points[0]?.[1] ?? 0) * 10) / 10);
  assert.deepEqual(of("dash"), [1.5]);
  assert.deepEqual(of("centre"), [4.5]);
  assert.deepEqual(of("edge").sort((a, b) => a - b), [-1.3, 7.3]);
});

test("a line beside a line keeps its distance round a bend", () => {
  const bend: [number, number][] = [[0, 0], [10, 0], [10, 10]];
  assert.deepEqual(offset(bend, 1).map(([x, y]) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100]), [[0, 1], [9, 1], [9, 10]]);
  assert.deepEqual(offset(bend, -1).map(([x, y]) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100]), [[0, -1], [11, -1], [11, 10]]);
});

test("what stands at a pixel is what was drawn there, and what is ahead is above", () => {
  const c = { x: 100, y: -40, up: 2.2, scale: 7, ax: 200, ay: 300 };
  for (const p of [[100, -40], [113, 7], [-20, 55]] as [number, number][]) {
    const back = toGround(c, toScreen(c, p));
    assert.ok(Math.hypot(back[0] - p[0], back[1] - p[1]) < 1e-9);
  }
  const ahead = toScreen(c, [100 + Math.cos(2.2) * 10, -40 + Math.sin(2.2) * 10]);
  assert.ok(Math.abs(ahead[0] - 200) < 1e-9 && Math.abs(ahead[1] - 230) < 1e-9);
  const left = toScreen(c, [100 - Math.sin(2.2) * 10, -40 + Math.cos(2.2) * 10]);
  assert.ok(left[0] < 200, "left is left in every language");
});

test("crossings get stripes along the road, across the walk", () => {
  const g = groundOf({ lanes: [], signals: [], crossings: [[[0, 0], [8, 0], [8, 3], [0, 3]]] });
  assert.ok(g.zebras.length >= 7, String(g.zebras.length));
  for (const z of g.zebras) for (const [x, y] of z) assert.ok(x >= 0 && x <= 8 && y >= 0 && y <= 3);
});
