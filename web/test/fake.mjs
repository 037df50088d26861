// A small hub that is none: speaks docs/http.md well enough to draw the page against, with made-up devices.
//   node web/test/fake.mjs [port] [things]      (dist is served from disk, so rebuild and reload)
import { createServer } from "node:http";
import { readFileSync, existsSync } from "node:fs";
import { join, extname } from "node:path";

const port = Number(process.argv[2] ?? 8490);
const many = Number(process.argv[3] ?? 0);
const dist = new URL("../dist/", import.meta.url).pathname;
let seq = 1;
const now = () => Date.now();

const ro = (o) => ({ readOnly: true, observable: true, ...o });
const lamp = { on: { type: "boolean", title: "Power" }, brightness: { type: "integer", title: "Brightness", minimum: 0, maximum: 254 }, color_temp: { type: "integer", title: "Colour temperature", unit: "mired", minimum: 153, maximum: 500 } };
const kinds = {
  lamp: { props: lamp, start: { on: true, brightness: 180, color_temp: 320 } },
  colour: { props: { on: lamp.on, brightness: lamp.brightness, color: { type: "object", title: "Colour", properties: { r: { type: "integer" }, g: { type: "integer" }, b: { type: "integer" } } }, effect: { type: "string", enum: ["none", "candle", "colorloop"] } }, start: { on: false, brightness: 90, color: { r: 240, g: 150, b: 60 }, effect: "none" } },
  climate: { props: { local_temperature: ro({ type: "number", title: "Temperature", unit: "celsius" }), target: { type: "number", title: "Target", unit: "celsius", minimum: 5, maximum: 30, multipleOf: 0.5 }, mode: { type: "string", title: "Mode", enum: ["off", "heat", "cool", "auto"] } }, start: { local_temperature: 21.46, target: 21.5, mode: "heat" } },
  sensor: { props: { temperature: ro({ type: "number", title: "Temperature", unit: "°C" }), humidity: ro({ type: "number", title: "Humidity", unit: "%" }), battery: ro({ type: "integer", title: "Battery", unit: "%", minimum: 0, maximum: 100 }) }, start: { temperature: 22.31, humidity: 44.2, battery: 87 } },
  door: { props: { open: ro({ type: "boolean", title: "Open" }), battery: ro({ type: "integer", unit: "%" }) }, start: { open: false, battery: 61 } },
  blind: { props: { position: { type: "integer", title: "Position", unit: "%", minimum: 0, maximum: 100 } }, start: { position: 40 }, actions: { open: { title: "Open" }, close: { title: "Close" }, stop: { title: "Stop" } } },
  plug: { props: { on: lamp.on, power: ro({ type: "number", title: "Power", unit: "W" }), energy: ro({ type: "number", title: "Energy", unit: "kWh" }) }, start: { on: true, power: 83.4, energy: 12.772 } },
  shuttle: { props: { position: ro({ type: "object", title: "Position", properties: { latitude: { type: "number" }, longitude: { type: "number" } } }), speed: ro({ type: "number", title: "Speed", unit: "km/h" }), battery: ro({ type: "number", unit: "%" }), passengers: ro({ type: "integer", title: "On board" }) }, start: { position: { latitude: 39.98312, longitude: 116.30741 }, speed: 18.2, battery: 76, passengers: 3 }, events: { arrived: { title: "Arrived", data: { type: "string" } } } },
  monitor: { props: { heart_rate: ro({ type: "integer", title: "Heart rate", unit: "bpm" }), spo2: ro({ type: "integer", title: "SpO₂", unit: "%" }), temperature: ro({ type: "number", title: "Body temperature", unit: "°C" }) }, start: { heart_rate: 71, spo2: 98, temperature: 36.7 } },
  button: { props: {}, start: {}, events: { pressed: { title: "Pressed", data: { type: "string" } } }, actions: { identify: { title: "Identify" } } },
  ahu: { props: { on: lamp.on, supply: ro({ type: "number", title: "Supply air", unit: "°C" }), fan_speed: { type: "integer", title: "Fan speed", unit: "%", minimum: 0, maximum: 100 } }, start: { on: true, supply: 18.4, fan_speed: 55 }, actions: { boost: { title: "Boost", input: { type: "object", required: ["minutes"], properties: { minutes: { type: "integer", minimum: 1, maximum: 60, title: "Minutes" }, quiet: { type: "boolean", title: "Quiet" } } } } } },
  lock: { props: { locked: { type: "boolean", title: "Lock" }, battery: ro({ type: "integer", unit: "%" }) }, start: { locked: true, battery: 40 } },
  label: { props: { text: { type: "string", title: "Text", maxLength: 40 }, language: { type: "string", title: "Language", enum: ["en", "zh", "ar"] }, queue: ro({ type: "integer", title: "Waiting" }) }, start: { text: "Welcome", language: "en", queue: 4 } },
};
const plan = [
  ["home/living-room", ["lamp:Ceiling lamp", "colour:Reading lamp", "climate:Radiator", "blind:South blind", "plug:TV plug", "sensor:Climate sensor", "button:Wall switch"]],
  ["home/kitchen", ["lamp:Counter light", "plug:Kettle", "door:Fridge door", "sensor:Kitchen air"]],
  ["home/bedroom", ["colour:Bedside lamp", "blind:Curtain", "sensor:Bedroom sensor"]],
  ["home/hall", ["lock:Front door lock", "door:Front door", "lamp:Hall lamp"]],
  ["park/tower-a/floor-1/lobby", ["ahu:Air handler 1", "door:Main entrance", "lamp:Lobby lights"]],
  ["park/tower-a/floor-2/office", ["climate:Office climate", "sensor:Office air", "blind:West blinds"]],
  ["park/car-park", ["plug:Charger 1", "plug:Charger 2"]],
  ["road/loop", ["shuttle:Shuttle 1", "shuttle:Shuttle 2", "shuttle:Shuttle 3"]],
  ["clinic/theatre-1", ["monitor:Patient monitor"]],
  ["visit/desk", ["label:Welcome sign", "door:Visitor gate"]],
];
const things = new Map();
const add = (place, kind, title, i) => {
  const k = kinds[kind];
  const id = `urn:fake:${kind}-${i}`;
  const values = {};
  for (const [n, v] of Object.entries(k.start)) values[n] = [v, 5, now() - 60000, now() - 600000];
  const td = { "@context": "https://www.w3.org/2022/wot/td/v1.1", id, title, "hutong:place": place, "hutong:simulated": true, securityDefinitions: { nosec_sc: { scheme: "nosec" } }, security: "nosec_sc", properties: k.props, actions: k.actions ?? {}, events: k.events ?? {} };
  things.set(id, { sum: { id, title, place, rev: "1", simulated: true }, td, values });
};
let n = 0;
for (const [place, list] of plan) for (const s of list) add(place, ...s.split(":"), n++);
for (let i = 0; i < many; i++) add(`park/hall-${i % 40}`, "sensor", `Meter ${i}`, "many" + i);
const all = [...things.values()];
if (!many && n) {
  const q = (i, name, quality) => (all[i].values[name][1] = quality);
  q(8, "power", 3); q(8, "energy", 3); q(8, "on", 3);
  for (const p of Object.keys(all[12].values)) q(12, p, 2);
  all[13].values.temperature = [null, 0, 0, 0]; all[13].values.humidity = [null, 0, 0, 0];
  all[5].values.humidity[1] = 4;
}
if (process.argv[4] === "empty") things.clear();

const clients = new Set();
const emit = (event, data) => { seq++; for (const c of clients) c.write(`event: ${event}\nid: ${seq}\ndata: ${JSON.stringify(data)}\n\n`); };
const change = (id, name, value, cause) => {
  const t = things.get(id);
  t.values[name] = cause ? [value, 5, now(), now(), cause] : [value, 5, now(), now()];
  (fresh[id] ??= {})[name] = t.values[name];
};
let fresh = {};
setInterval(() => {
  if (Object.keys(fresh).length > 0) emit("delta", { values: fresh });
  fresh = {};
}, 100);
setInterval(() => {
  for (const [id, t] of things) for (const [name, v] of Object.entries(t.values)) {
    if (typeof v[0] === "number" && t.td.properties[name]?.readOnly && v[1] === 5 && Math.random() < 0.05) change(id, name, Math.round((v[0] + (Math.random() - 0.5)) * 100) / 100);
  }
}, 1000).unref?.();

const rules = [
  { id: "night-light", title: "Night light", enabled: true, runs: [{ trace: "t1", time: new Date(now() - 40000).toISOString(), result: "done", detail: "motion in the hall after sunset" }, { trace: "t2", time: new Date(now() - 4000000).toISOString(), result: "skipped" }] },
  { id: "guests", title: "Open the visitor gate when the shuttle arrives", enabled: true, runs: [{ trace: "t1", time: new Date(now() - 90000).toISOString(), result: "failed", detail: "visitor gate did not answer" }] },
  { id: "broken", title: "Broken", enabled: true, problems: [{ line: 4, column: 9, detail: "kitchen/kettle has no property “temprature”" }], runs: [] },
];
const yaml = "# Light the hall softly at night.\ntitle: Night light\nwhen:\n  - change: urn:fake:door-15 open\nif: sun.down\nthen:\n  - set: urn:fake:lamp-16 on\n    to: true\n";
const trace = () => ({ id: "t1", by: "rule:night-light", time: new Date(now() - 40000).toISOString(), runs: [{ rule: "night-light", title: "Night light", trigger: "Front door opened", time: new Date(now() - 40000).toISOString(), result: "done" }],
  commands: [{ id: "c1", thing: "urn:fake:lamp-16", kind: "properties", name: "on", input: true, by: "rule:night-light", status: "completed", error: "", asked: new Date(now() - 39990).toISOString() }, { id: "c2", thing: "urn:fake:blind-3", kind: "properties", name: "position", input: 0, by: "rule:night-light", status: "failed", error: "the blind did not answer", asked: new Date(now() - 39980).toISOString() }],
  changes: [{ seq: 5, thing: "urn:fake:lamp-16", kind: "properties", name: "on", value: true, quality: "good", time: new Date(now() - 39900).toISOString() }] });
const places = () => {
  const root = { id: "", title: "", things: [], places: [] };
  for (const t of things.values()) { let at = root, id = ""; for (const part of t.sum.place.split("/")) { id = id ? id + "/" + part : part; let p = at.places.find((x) => x.id === id); if (!p) at.places.push((p = { id, title: part.replace(/-/g, " ").replace(/^./, (c) => c.toUpperCase()), things: [], places: [] })); at = p; } at.things.push(t.sum.id); }
  return root;
};
const history = (id, name, q) => {
  const from = Date.parse(q.get("from")), to = Date.parse(q.get("to")), v = things.get(id).values[name]?.[0];
  const out = []; const step = (to - from) / (typeof v === "number" ? 200 : 12);
  const off = { min: -0.6, max: 0.6 }[q.get("agg")] ?? 0;
  for (let t = from + step, i = 0; t < to; t += step, i++) out.push({ time: new Date(t).toISOString(), value: typeof v === "number" ? Math.round((v + Math.sin(i / 14) * 2 + off) * 100) / 100 : typeof v === "boolean" ? i % 3 > 0 : v, quality: i > 60 && i < 70 ? "bad" : "good" });
  return out;
};
let session = process.argv[4] === "locked" ? { mode: "token", by: null, role: null } : { mode: "open", by: "user:demo", role: "admin" };
const types = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain", ".html": "text/html" };
createServer((req, res) => {
  const url = new URL(req.url, "http://x");
  const json = (v, status = 200) => { res.writeHead(status, { "Content-Type": status < 400 ? "application/json" : "application/problem+json" }); res.end(JSON.stringify(v)); };
  const parts = url.pathname.split("/").slice(1).map(decodeURIComponent);
  let body = "";
  req.on("data", (d) => (body += d));
  req.on("end", () => {
    if (parts[0] === "session") {
      if (req.method === "PUT") { if (JSON.parse(body).token !== "htg_ok") return json({ title: "Unauthorized", status: 401 }, 401); session = { mode: "token", by: "user:me", role: "admin" }; return res.writeHead(204).end(); }
      if (req.method === "DELETE") { session.by = null; return res.writeHead(204).end(); }
      return json(session);
    }
    const page = url.pathname === "/" || parts[0] === "ui";
    if (page) {
      const file = join(dist, url.pathname);
      if (extname(file) && existsSync(file)) { res.writeHead(200, { "Content-Type": types[extname(file)] }); return res.end(readFileSync(file)); }
      res.writeHead(200, { "Content-Type": "text/html" });
      return res.end(readFileSync(join(dist, "index.html"), "utf8").replace("{{base}}", "../".repeat(url.pathname.split("/").length - 2) || "./"));
    }
    if (!session.by) return json({ title: "Unauthorized", status: 401, detail: "sign in" }, 401);
    if (parts[0] === "stream") {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      res.write(`event: hello\ndata: ${JSON.stringify({ version: 1, hub: "hutong fake", time: now(), ...session, resumed: false })}\n\n`);
      const list = [...things.values()];
      for (let i = 0; i < Math.max(1, list.length); i += 200) { const cut = list.slice(i, i + 200); res.write(`event: full\nid: ${seq}\ndata: ${JSON.stringify({ things: cut.map((t) => t.sum), values: Object.fromEntries(cut.map((t) => [t.sum.id, t.values])), ...(i + 200 >= list.length ? { last: true } : {}) })}\n\n`); }
      clients.add(res); res.on("close", () => clients.delete(res));
      return;
    }
    if (parts[0] === "places") return json(places());
    if (parts[0] === "notices") return json([{ id: "2", time: new Date(now() - 60000).toISOString(), level: "warning", title: "Front door open", text: "It has been open for 10 minutes.", cause: "t1" }, { id: "1", time: new Date(now() - 8000000).toISOString(), level: "info", title: "Good morning", text: "The blinds are up." }]);
    if (parts[0] === "rules") { if (!parts[1]) return json(rules); if (req.method === "PUT") return json({ title: "Bad Request", status: 400, detail: "the rule does not hold together", errors: [{ line: 4, column: 13, detail: "no property “opn”; did you mean “open”?" }] }, 400); res.writeHead(200, { "Content-Type": "text/yaml", ETag: '"1"' }); return res.end(yaml); }
    if (parts[0] === "scenes") return req.method === "POST" ? res.writeHead(204).end() : json([{ id: "evening", title: "Evening" }, { id: "leave", title: "Everybody out" }]);
    if (parts[0] === "traces") return json(trace());
    if (parts[0] === "things") {
      if (!parts[1]) { const o = Number(url.searchParams.get("offset") ?? 0), l = Number(url.searchParams.get("limit") ?? 100); return json([...things.values()].slice(o, o + l).map((t) => t.td)); }
      const t = things.get(parts[1]);
      if (!t) return json({ title: "Not Found", status: 404 }, 404);
      if (!parts[2]) return json(t.td);
      if (parts[4] === "history") return json(history(parts[1], parts[3], url.searchParams));
      if (parts[2] === "properties" && req.method === "PUT") {
        if (t.sum.title === "Kettle") return setTimeout(() => json({ title: "Gateway Timeout", status: 504, detail: "no answer" }, 504), 400);
        if (t.sum.title === "Lobby lights") return json({ title: "Forbidden", status: 403, detail: "quiet hours: the lobby stays lit until 22:00" }, 403);
        const v = JSON.parse(body);
        setTimeout(() => change(parts[1], parts[3], v, "t1"), t.sum.title === "Hall lamp" ? 60000 : 700);
        res.writeHead(204, { "Hutong-Trace": "t1" });
        return res.end();
      }
      if (parts[2] === "properties" && parts[3]) return json(t.values[parts[3]][0]);
      if (parts[2] === "actions") { setTimeout(() => res.writeHead(204).end(), 500); return; }
    }
    json({ title: "Not Found", status: 404 }, 404);
  });
}).listen(port, "127.0.0.1", () => console.log("http://127.0.0.1:" + port));
