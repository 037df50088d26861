// Every page in every dress: axe finds nothing, and nothing has to be scrolled sideways.
//   node axe.mjs BASE       (HUTONG_PAGE=all tries every combination instead of a choice that has each pair)
import { axe, main, must, open } from "./browser.mjs";

const [base] = process.argv.slice(2);
const some = [
  { theme: "light", size: "small", lang: "en", width: 1280 },
  { theme: "dark", size: "small", lang: "zh", width: 360 },
  { theme: "contrast", size: "middle", lang: "en", width: 768 },
  { theme: "dark", size: "big", lang: "ar", width: 1280 },
  { theme: "light", size: "middle", lang: "ar", width: 360 },
  { theme: "contrast", size: "big", lang: "ar", width: 360 },
  { theme: "light", size: "big", lang: "zh", width: 768 },
  { theme: "dark", size: "middle", lang: "en", width: 360 },
];
const all = ["light", "dark", "contrast"].flatMap((theme, i) =>
  ["small", "middle", "big"].flatMap((size, j) =>
    ["en", "zh", "ar"].map((lang, k) => ({ theme, size, lang, width: (i + j + k) % 2 ? 360 : 1280 })),
  ),
);

await main(async (browser) => {
  const hub = async (path) => (await fetch(base + path)).json();
  const things = await hub("/things?limit=1000");
  const one = (want) => things.find(want)?.id;
  const kinds = (td) => Object.values(td.properties ?? {});
  const picks = [
    one((td) => kinds(td).some((p) => p.type === "object" && !p.readOnly)), // a lamp with colours
    one((td) => kinds(td).some((p) => p.type === "number" && p.readOnly)), // something measured
    one((td) => Object.keys(td.actions ?? {}).length > 1), // something to press
    one((td) => Object.keys(td.events ?? {}).length > 0),
    one((td) => kinds(td).some((p) => p.type === "string" && !p.readOnly && !p.enum)),
  ].filter((id, i, list) => id && list.indexOf(id) === i);
  const rules = await hub("/rules");
  const ride = await booked(hub);
  const run = rules.flatMap((r) => r.runs ?? [])[0];
  const paths = [
    "/",
    "/ui/place/home",
    "/ui/things",
    "/ui/things?q=nothing-is-called-so",
    "/ui/rules",
    "/ui/notices",
    "/ui/settings",
    "/ui/no-such-page",
    "/ui/ride",
    "/ui/ride/no-such-ride",
    `/ui/ride/${ride}`,
    `/ui/ride/${ride}/card`,
    "/ui/road",
    "/ui/road/shuttle-1",
    "/ui/thing/urn:none",
    ...picks.map((id) => `/ui/thing/${encodeURIComponent(id)}`),
    ...rules.slice(0, 2).map((r) => `/ui/rule/${encodeURIComponent(r.id)}`),
    ...(run ? [`/ui/trace/${encodeURIComponent(run.trace)}`] : []),
  ];
  const found = [];
  let looked = 0;
  for (const dress of process.env.HUTONG_PAGE === "all" ? all : some) {
    const page = await open(browser, dress);
    for (const path of paths) {
      await page.goto(base + path);
      await page.locator("main h1:not(.unseen)").waitFor();
      if (path.startsWith("/ui/thing/") && path !== "/ui/thing/urn:none") {
        await page.locator(".plot canvas, .band, .chart-empty, .thing-main").first().waitFor();
      }
      if (path.startsWith("/ui/ride") || path.startsWith("/ui/road")) await drawn(page);
      if (/^\/ui\/(thing|ride|road)\b/.test(path)) {
        const more = page.locator("details > summary");
        for (let i = 0; i < (await more.count()); i++) await more.nth(i).click();
      }
      const where = `${path} ${JSON.stringify(dress)}`;
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) found.push(`${where}: ${wide} pixels too wide`);
      for (const line of await axe(page)) found.push(`${where}: ${line}`);
      looked++;
    }
    found.push(...page.wrongs);
    await page.context().close();
  }
  console.log(`axe looked at ${looked} pages (${paths.length} addresses) and found ${found.length} violations`);
  must(found.length === 0, found.slice(0, 60).join("\n"));
});

/** The id of a ride, booked for this once a vehicle has announced itself. */
async function booked(hub) {
  const post = async (path, body) => (await fetch(base + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();
  const { stops } = await hub("/road/area");
  for (let tries = 0; tries < 120; tries++) {
    for (const to of stops.slice(1)) {
      const offer = await post("/road/offers", { from: { stop: stops[0].id }, to: { stop: to.id }, party: 1 });
      if (offer.expires) return (await post("/road/rides", { offer: offer.id })).id;
    }
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error("nobody offers a ride");
}

/** Waits until the maps and pictures of a page have been drawn, where it has any. */
async function drawn(page) {
  await page.waitForFunction(() => [...document.querySelectorAll("main canvas")].every((c) => c.width > 0 && c.height > 0));
}
