// A W3C WoT consumer that nobody here wrote: node-wot fetches the Thing Description, and everything after that it does
// by what it finds there. Arguments: the URL of the TD, and a JSON plan {read, write: [name, value], observe, invoke:
// [name, input], event, directory: URL, refuse: [name, value], set:
// [name, value] without observing, token}. It prints what it saw as one line of JSON.
const { Servient } = require("@node-wot/core");
const { HttpClientFactory } = require("@node-wot/binding-http");

const [url, text] = process.argv.slice(2);
const plan = JSON.parse(text);

// first is the first value that listen's callback hears, or an error when none comes.
function first(what) {
  let heard;
  const value = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing heard of ${what}`)), 10_000);
    heard = (v) => {
      clearTimeout(timer);
      resolve(v);
    };
  });
  return { value, heard };
}

// withToken fetches the TD as a stranger cannot, and hands node-wot the token for what the TD says needs one.
async function withToken(servient) {
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${plan.token}` } });
  const td = await answer.json();
  servient.addCredentials({ [td.id]: { token: plan.token } });
  return td;
}

async function main() {
  const servient = new Servient();
  servient.addClientFactory(new HttpClientFactory());
  const wot = await servient.start();
  const thing = await wot.consume(plan.token ? await withToken(servient) : await wot.requestThingDescription(url));
  const saw = { title: thing.getThingDescription().title };

  if (plan.read) saw.read = await (await thing.readProperty(plan.read)).value();
  if (plan.write) {
    const [name, value] = plan.write;
    const change = first(name);
    const watching = await thing.observeProperty(name, async (out) => change.heard(await out.value()));
    await thing.writeProperty(name, value);
    saw.observed = await change.value;
    saw.written = await (await thing.readProperty(name)).value();
    await watching.stop();
    saw.all = {};
    for (const [n, out] of await thing.readAllProperties()) saw.all[n] = await out.value();
  }
  if (plan.set) await thing.writeProperty(...plan.set);
  let event, subscription;
  if (plan.event) {
    event = first(plan.event);
    subscription = await thing.subscribeEvent(plan.event, async (out) => event.heard(await out.value()));
  }
  if (plan.invoke) {
    const out = await thing.invokeAction(...plan.invoke);
    saw.invoked = out === undefined ? null : await out.value();
  }
  if (plan.event) {
    saw.event = await event.value;
    await subscription.stop();
  }
  if (plan.directory) {
    saw.found = [];
    for await (const td of await wot.exploreDirectory(plan.directory)) saw.found.push(td.title);
  }
  if (plan.refuse) {
    saw.refused = await thing.writeProperty(...plan.refuse).then(() => "", (e) => String(e.message));
  }
  console.log(JSON.stringify(saw));
  await servient.shutdown();
}

main().then(() => process.exit(0), (e) => {
  console.error(e);
  process.exit(1);
});
