// One evening at home: switch a lamp, see it change, see its past, lose the hub, have it back.
//   node journey.mjs BASE
import { ask, main, must, open } from "./browser.mjs";

const [base] = process.argv.slice(2);

await main(async (browser) => {
  const page = await open(browser);
  const began = Date.now();
  await page.goto(base + "/");
  await page.locator(".card input[role=switch]").first().waitFor();
  console.log(`opened to first live screen ${Date.now() - began} ms`);

  // All of the quarter has announced itself.
  await page.waitForFunction(async () => Number((await fetch("/things?limit=1")).headers.get("X-Total-Count")) >= 150, null, { polling: 200, timeout: 60_000 });

  // Home shows the courts, says that all of it is simulated, and every card says so too.
  for (const court of ["home", "park", "road", "clinic", "visit"]) await page.locator(`#court-${court}`).waitFor();
  await page.getByText("every device here is simulated").waitFor();
  const cards = await page.locator(".card").count();
  must((await page.locator(".card .simulated").count()) === cards, "a card of the demo does not say that it is simulated");
  if (process.env.HUTONG_SHOTS) await page.screenshot({ path: process.env.HUTONG_SHOTS + "/home.png" });

  // Live: some figure moves while one looks.
  const figures = () => page.locator(".card .figure").allTextContents();
  const before = (await figures()).join();
  await page.waitForFunction((was) => [...document.querySelectorAll(".card .figure")].map((e) => e.textContent).join() !== was, before);

  // Switch a lamp: it is asked for, and shows as on only because the device says so.
  const card = page.locator(".card[data-sort=lamp]", { has: page.locator("input[role=switch][data-known=true]") }).first();
  const name = await card.locator(".card-title a").innerText();
  const lamp = page.locator(".card", { has: page.getByRole("link", { name, exact: true }) }).first();
  const toggle = lamp.locator("input[role=switch][data-known=true]");
  const was = await toggle.isChecked();
  await toggle.click();
  const switched = (on, timeout) =>
    page.waitForFunction(
      ([name, on]) => {
        const card = [...document.querySelectorAll(".card")].find((c) => c.querySelector(".card-title a")?.textContent === name);
        const box = card?.querySelector("input[role=switch]");
        return box?.checked === on && !box.dataset.asked && card.classList.contains("card-on") === on;
      },
      [name, on],
      { timeout },
    );
  await switched(!was, 15_000);

  // The hub agrees, and knows why.
  const href = await lamp.locator(".card-title a").getAttribute("href");
  const id = decodeURIComponent(href.split("/").pop());
  const td = await (await page.request.get(`${base}/things/${encodeURIComponent(id)}`)).json();
  const on = Object.keys(td.properties).find((p) => td.properties[p].type === "boolean" && !td.properties[p].readOnly);
  const value = await (await page.request.get(`${base}/things/${encodeURIComponent(id)}/properties/${on}`)).json();
  must(value === !was, `the hub says ${on} of ${name} is ${value}, the page shows ${!was}`);

  // Its past.
  await lamp.locator(".card-title a").click();
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  must(new URL(page.url()).pathname === href, "the address is not that of the Thing");
  await page.locator(".band span").first().waitFor();
  must((await page.locator(".legend").innerText()).trim() !== "", "the history of the lamp names no state");
  await page.getByText("As a table").click();
  await page.locator(".as-table tbody tr").first().waitFor();
  await page.getByRole("radio", { name: "Week" }).check();
  await page.locator(".band span").first().waitFor();

  // Why it is so.
  await page.getByRole("link", { name: /Why\?/ }).first().click();
  await page.getByRole("heading", { level: 1, name: "Why it happened" }).waitFor();
  await page.locator(".step-ask").first().waitFor();
  await page.locator(".step-change").first().waitFor();
  await page.goBack();
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();

  // The same by keyboard alone: find a Thing, open it, and reading goes on at its name.
  await page.keyboard.press("/");
  await page.waitForFunction(() => document.activeElement?.matches("input[type=search]"));
  await page.keyboard.type(name.toLowerCase());
  await page.waitForFunction((name) => document.querySelector(".window-row a")?.textContent === name, name);
  await page.locator(".window-row a").first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === "H1");

  // A number's past is a line.
  const sensor = await page.evaluate(async () => {
    for (const td of await (await fetch("/things?limit=1000")).json()) {
      const p = Object.entries(td.properties ?? {}).find(([, p]) => p.type === "number" && p.readOnly && p.unit === "°C");
      if (p) return td.id;
    }
    return "";
  });
  await page.goto(`${base}/ui/thing/${encodeURIComponent(sensor)}`);
  await page.locator(".plot canvas").waitFor();

  // The hub goes away: the page says so, and how old what it shows is.
  await page.goto(base + "/");
  await toggle.waitFor();
  await ask("stop");
  await page.getByText("Reconnecting…").first().waitFor();
  await page.getByText(/What you see was true/).waitFor();
  must((await page.locator(".card").count()) > 0, "the page has forgotten everything");
  if (process.env.HUTONG_SHOTS) await page.screenshot({ path: process.env.HUTONG_SHOTS + "/reconnecting.png" });
  await toggle.click();
  await page.getByText("The hub cannot be reached").first().waitFor();

  // It comes back: the page is live by itself, and shows what the device says.
  await ask("start");
  await page.locator(".line-live").waitFor({ timeout: 30_000 });
  await page.getByText("Reconnecting…").first().waitFor({ state: "detached" });
  await page.waitForFunction((name) => {
    const card = [...document.querySelectorAll(".card")].find((c) => c.querySelector(".card-title a")?.textContent === name);
    return card?.querySelector("input[role=switch]")?.dataset.known === "true" && !card.dataset.quality; // restored values are confirmed
  }, name);
  // The simulated lamp starts anew too and may say "off" between a look and a click: what counts is that a click works.
  for (let left = 5; ; left--) {
    const again = await toggle.isChecked();
    await toggle.click();
    try {
      await switched(!again, 4_000);
      break;
    } catch (e) {
      if (left === 0) throw e;
    }
  }
  must(page.wrongs.length === 0, page.wrongs.join("\n"));
});
