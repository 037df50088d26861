// Debian's Chromium, driven by playwright-core; both from where interop/install put them (NODE_PATH).
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axeSource = require("axe-core").source;

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts the browser at the path the test gives. */
export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });

/** Opens an empty page with these settings of ours; whatever goes wrong in it is kept in page.wrongs. */
export async function open(browser, { width = 1280, height = 900, theme = "light", size = "small", lang = "en" } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: "en", reducedMotion: "reduce" });
  await context.addInitScript((p) => localStorage.setItem("hutong.prefs", JSON.stringify(p)), { theme, size, lang });
  const page = await context.newPage();
  page.wrongs = [];
  page.on("pageerror", (e) => page.wrongs.push(`${page.url()}: ${e.stack ?? e}`));
  page.on("console", (m) => {
    if (m.type() === "error" && !/net::ERR_|Failed to load resource/.test(m.text())) page.wrongs.push(`${page.url()}: ${m.text()}`);
  });
  page.on("request", (r) => {
    if (!r.url().startsWith("data:") && new URL(r.url()).hostname !== "127.0.0.1") page.wrongs.push(`asked for ${r.url()}`);
  });
  page.setDefaultTimeout(15_000);
  return page;
}

/** What axe finds against WCAG 2.0 to 2.2, levels A and AA, one line for each place. */
export async function axe(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
    }),
  );
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary?.split("\n")[1]?.trim()}`));
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the Go test to do something, such as to stop the hub, and waits until it has. */
export async function ask(what) {
  console.log(what);
  const { value } = await lines.next();
  if (value !== "done") throw new Error(`${what}: ${value}`);
}

/** Runs body and ends the process, with what went wrong on stderr. */
export async function main(body) {
  const browser = await launch();
  let code = 0;
  try {
    await body(browser);
  } catch (e) {
    console.error(e);
    const page = browser.contexts().at(-1)?.pages().at(-1);
    if (page && process.env.HUTONG_SHOTS) await page.screenshot({ path: process.env.HUTONG_SHOTS + "/failed.png" });
    code = 1;
  } finally {
    await browser.close();
  }
  process.exit(code);
}

export function must(ok, what) {
  if (!ok) throw new Error(what);
}
