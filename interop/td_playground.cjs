// Checks Thing Descriptions with npm's @thing-description-playground/core and prints {"checked", "refused"}.
//
// usage: node td_playground.cjs FOLDER-OF-THE-PACKAGE THINGS.jsonl
"use strict";
const fs = require("node:fs");

const [folder, file] = process.argv.slice(2);
const { tdValidator } = require(folder);

async function main() {
    const lines = fs.readFileSync(file, "utf8").split("\n").filter(Boolean);
    const refused = {};
    for (const line of lines) {
        const said = [];
        const { report, details } = await tdValidator(line, (text) => said.push(text), { checkDefaults: false, checkJsonLd: false, checkTmConformance: false });
        const bad = ["json", "schema", "additional"].filter((part) => report[part] !== "passed");
        if (bad.length > 0) {
            refused[JSON.parse(line).id] = `${bad.map((part) => `${part} ${report[part]}`).join(", ")}: ${said.join(" ").slice(0, 500)} ${JSON.stringify(details)}`;
        }
    }
    process.stdout.write(JSON.stringify({ checked: lines.length, refused }));
}

main();
