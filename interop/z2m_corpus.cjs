// Drives the npm package zigbee2mqtt headless and writes what it would announce to Home Assistant, one JSON object
// {"topic", "payload"} a line, for every device definition it knows.
//
// usage: node z2m_corpus.cjs FOLDER-WITH-node_modules OUT.jsonl
"use strict";
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const [folder, out] = process.argv.slice(2);
const root = fs.realpathSync(path.join(folder, "node_modules", "zigbee2mqtt"));
const from = (name) => require(require.resolve(name, { paths: [root] }));

// zigbee2mqtt reads its settings from a folder when it is first required.
const data = fs.mkdtempSync(path.join(os.tmpdir(), "z2m-"));
process.env.ZIGBEE2MQTT_DATA = data;
fs.writeFileSync(
    path.join(data, "configuration.yaml"),
    [
        "version: 5",
        "mqtt: {server: 'mqtt://localhost', base_topic: zigbee2mqtt}",
        "serial: {port: /dev/null}",
        "availability: {enabled: true}",
        "advanced: {log_output: [], last_seen: ISO_8601}",
        "homeassistant: {enabled: true, experimental_event_entities: true, legacy_action_sensor: true}",
        "",
    ].join("\n"),
);
process.on("exit", () => fs.rmSync(data, { recursive: true, force: true }));
process.chdir(data);

const settings = require(path.join(root, "dist/util/settings"));
settings.reRead();
const logger = require(path.join(root, "dist/util/logger")).default;
logger.init();
const HomeAssistant = require(path.join(root, "dist/extension/homeassistant")).default
    ?? require(path.join(root, "dist/extension/homeassistant")).HomeAssistant;
const Device = require(path.join(root, "dist/model/device")).default;
const { InterviewState } = from("zigbee-herdsman/dist/controller/model/device");
const { prepareDefinition } = from("zigbee-herdsman-converters");
const definitions = from("zigbee-herdsman-converters/devices/index").default
    ?? from("zigbee-herdsman-converters/devices/index").definitions;

// The extension asks an endpoint for its class by name.
class Endpoint {
    constructor(id, address) {
        this.ID = id;
        this.deviceIeeeAddress = address;
        this.meta = {};
        this.binds = [];
        this.configuredReportings = [];
        this.inputClusters = [6, 8, 0x0300];
        this.outputClusters = [];
    }
    getInputClusters() { return []; }
    getOutputClusters() { return []; }
    supportsInputCluster() { return false; }
    supportsOutputCluster() { return false; }
    getClusterAttributeValue() { return undefined; }
    hasPendingRequests() { return false; }
}

// A device of the radio, as far as the extension looks at one.
function dummy(n, definition) {
    const address = `0x${n.toString(16).padStart(16, "0")}`;
    const endpoints = Array.from({ length: 16 }, (_, i) => new Endpoint(i + 1, address));
    const fingerprint = definition.fingerprint?.[0] ?? {};
    return {
        ieeeAddr: address, networkAddress: n, type: "Router", powerSource: "Mains (single phase)",
        modelID: definition.zigbeeModel?.[0] ?? fingerprint.modelID ?? definition.model,
        manufacturerName: fingerprint.manufacturerName ?? "",
        softwareBuildID: "1.0", hardwareVersion: 1, applicationVersion: 1, interviewState: InterviewState.Successful, interviewing: false,
        meta: {}, customClusters: {}, endpoints, isDummyDevice: true,
        getEndpoint: (id) => endpoints.find((e) => e.ID === id),
    };
}

async function main() {
    const messages = fs.createWriteStream(out);
    let count = 0;
    const failures = [];
    const mqtt = {
        publish: async (topic, payload, options) => {
            if (options?.baseTopic !== "homeassistant") return;
            count++;
            if (!messages.write(`${JSON.stringify({ topic: `homeassistant/${topic}`, payload })}\n`)) {
                await new Promise((done) => messages.once("drain", done));
            }
        },
        subscribe: async () => {}, unsubscribe: async () => {}, onMessage: () => {},
    };
    const zigbee = {
        getCoordinatorVersion: async () => ({ type: "zStack", meta: { revision: 1 } }),
        firstCoordinatorEndpoint: () => ({ deviceIeeeAddress: "0x00124b0000000001" }),
        devicesIterator: () => [], groupsIterator: () => [], devicesAndGroupsIterator: () => [], resolveEntity: () => undefined,
    };
    const state = { exists: () => false, get: () => ({}) };
    const eventBus = new Proxy({}, { get: () => () => {} });
    const extension = new HomeAssistant(zigbee, mqtt, state, async () => {}, eventBus, async () => {}, async () => {}, async () => {});
    const wait = globalThis.setTimeout;
    globalThis.setTimeout = () => 0; // start() would announce again after some seconds
    await extension.start();
    globalThis.setTimeout = wait;
    await extension.discover(extension.bridge);

    let n = 0;
    for (const raw of definitions) {
        n++;
        try {
            const definition = prepareDefinition(raw);
            const device = new Device(dummy(n, definition));
            device.definition = definition;
            await extension.discover(device);
        } catch (error) {
            failures.push(`${raw.model}: ${error.message}`);
        }
    }
    await new Promise((done) => messages.end(done));
    process.stdout.write(`${JSON.stringify({ definitions: n, messages: count, failures })}\n`);
    process.exit(0);
}

main().catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
