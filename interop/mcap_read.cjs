// Reads an MCAP file with @mcap/core, every CRC checked, and prints what it holds: node mcap_read.cjs FILE
const fs = require("node:fs/promises");
const { McapIndexedReader, McapStreamReader } = require("@mcap/core");

async function main() {
  const handle = await fs.open(process.argv[2], "r");
  const readable = {
    size: async () => BigInt((await handle.stat()).size),
    read: async (offset, length) => {
      const buffer = new Uint8Array(Number(length));
      await handle.read(buffer, 0, Number(length), Number(offset));
      return buffer;
    },
  };
  const reader = await McapIndexedReader.Initialize({ readable });
  const topics = {};
  let last = 0n, inOrder = true;
  for await (const m of reader.readMessages()) {
    const topic = reader.channelsById.get(m.channelId).topic;
    topics[topic] = (topics[topic] ?? 0) + 1;
    JSON.parse(Buffer.from(m.data).toString());
    inOrder &&= m.logTime >= last;
    last = m.logTime;
  }
  const chain = {};
  for await (const m of reader.readMetadata({ name: "hutong.chain" })) for (const [k, v] of m.metadata) chain[k] = v;
  let records = 0;
  const stream = new McapStreamReader({ validateCrcs: true });
  stream.append(await fs.readFile(process.argv[2]));
  while (stream.nextRecord()) records++;
  console.log(JSON.stringify({
    topics, inOrder, chain, records, done: stream.done(),
    count: Number(reader.statistics.messageCount), from: Number(reader.statistics.messageStartTime / 1000000n),
    to: Number(reader.statistics.messageEndTime / 1000000n),
  }));
}
main().catch((e) => { console.error(e); process.exit(1); });
