// Node-RED with the flow that is measured: node nodered.cjs MODULES DIR PORT AEDES. With AEDES "true" the broker at PORT
// is aedes in this process, otherwise it is somebody else's.
"use strict";
const fs = require("node:fs");
const http = require("node:http");
const net = require("node:net");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const [modules, dir, port, own] = process.argv.slice(2);
const RED = require(path.join(modules, "node-red"));

const flow = [
  { id: "tab", type: "tab", label: "fans" },
  { id: "broker", type: "mqtt-broker", broker: "127.0.0.1", port, protocolVersion: "4", keepalive: "60", cleansession: true, autoConnect: true },
  { id: "in", type: "mqtt in", z: "tab", broker: "broker", topic: "command/+/state", qos: "0", datatype: "json", inputs: 0, wires: [["if"]] },
  {
    id: "if", type: "switch", z: "tab", property: "payload.temperature", propertyType: "msg", checkall: "false", outputs: 1,
    rules: [{ t: "gt", v: "25", vt: "num" }], wires: [["then"]],
  },
  {
    id: "then", type: "change", z: "tab", wires: [["out"]],
    rules: [
      { t: "change", p: "topic", pt: "msg", from: "/state", fromt: "str", to: "/set", tot: "str" },
      { t: "set", p: "payload", pt: "msg", to: "payload.n", tot: "msg" },
    ],
  },
  { id: "out", type: "mqtt out", z: "tab", broker: "broker", topic: "", qos: "0", retain: "false", wires: [] },
];

async function main() {
  if (own === "true") {
    const { Aedes } = await import(pathToFileURL(path.join(modules, "aedes", "aedes.js")));
    const broker = await Aedes.createBroker();
    net.createServer(broker.handle).listen(Number(port), "127.0.0.1");
  }
  fs.writeFileSync(path.join(dir, "flows.json"), JSON.stringify(flow));
  RED.init(http.createServer(), { // which never listens: nobody looks at it
    userDir: dir, flowFile: "flows.json", httpAdminRoot: false, httpNodeRoot: false, httpStatic: false,
    logging: { console: { level: "error" } },
  });
  await RED.start();
}

process.on("SIGTERM", () => process.exit(0));
main().catch((err) => {
  console.error(err);
  process.exit(1);
});
