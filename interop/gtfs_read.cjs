// Decodes a GTFS Realtime feed from standard input with the reference bindings, and prints it as JSON.
const { transit_realtime } = require("gtfs-realtime-bindings");

const chunks = [];
process.stdin.on("data", (c) => chunks.push(c)).on("end", () => {
  const feed = transit_realtime.FeedMessage.decode(Buffer.concat(chunks));
  const wrong = transit_realtime.FeedMessage.verify(feed);
  if (wrong) throw new Error(wrong);
  console.log(JSON.stringify(transit_realtime.FeedMessage.toObject(feed, { enums: String, longs: Number })));
});
