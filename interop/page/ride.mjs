// A visitor books a ride, is fetched, rides, stops the vehicle, lets it go on, and arrives.
//   node ride.mjs BASE       (everything is waited for, as the vehicles drive in their own time)
import { request } from "node:http";
import { constants, createGunzip } from "node:zlib";
import { axe, main, must, open } from "./browser.mjs";

const [base] = process.argv.slice(2);
const long = { timeout: 6 * 60_000 };

/** The vehicles as the hub tells them. */
const fleet = async () => (await fetch(base + "/road/vehicles")).json();

/** Follows what a vehicle shows of itself, packed as a browser gets it, until want says so, and tells when that was. */
function frames(vehicle, ride, want, ready = () => {}) {
  return new Promise((done, fail) => {
    const headers = { Accept: "text/event-stream", "Accept-Encoding": "gzip" };
    const ask = request(`${base}/road/vehicles/${vehicle}/cabin?ride=${ride}`, { headers }, (answer) => {
      must(answer.statusCode === 200 && answer.headers["content-encoding"] === "gzip", `cabin of ${vehicle}: ${answer.statusCode} ${answer.headers["content-encoding"]}`);
      let bytes = 0;
      let count = 0;
      let rest = "";
      const began = performance.now();
      answer.on("data", (piece) => (bytes += piece.length));
      const text = answer.pipe(createGunzip({ flush: constants.Z_SYNC_FLUSH })).setEncoding("utf8");
      text.on("error", fail);
      text.on("end", () => fail(new Error("the cabin's stream ended")));
      text.on("data", (piece) => {
        const parts = (rest + piece).split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          if (!part.startsWith("data: ")) continue;
          if (count++ === 0) ready();
          const frame = JSON.parse(part.slice(6));
          const ms = performance.now() - began;
          if (!want(frame, ms)) continue;
          done({ at: performance.now(), each: bytes / count, hertz: (count * 1000) / ms });
          ask.destroy();
          return;
        }
      });
    });
    ask.setTimeout(60_000, () => ask.destroy(new Error("the cabin is silent")));
    ask.on("error", fail);
    ask.end();
  });
}

await main(async (browser) => {
  const page = await open(browser, { width: 390, height: 844 });
  const shot = async (name) => process.env.HUTONG_SHOTS && page.screenshot({ path: `${process.env.HUTONG_SHOTS}/${name}.png` });
  const clean = async (what) => {
    const found = await axe(page);
    must(found.length === 0, `${what}:\n${found.join("\n")}`);
  };
  // From the quarter's page to the booking.
  await page.goto(base + "/");
  await page.getByRole("link", { name: "Book a ride" }).click();
  await page.getByRole("heading", { level: 1, name: "Book a ride" }).waitFor();
  const { stops } = await (await fetch(base + "/road/area")).json();
  must(stops.length > 2, "the area has no stops");
  must((await page.locator("select[name=from] option:not([disabled])").count()) === stops.length, "the list does not name every stop");
  must((await page.locator("button.stop-mark").count()) === stops.length, "the map does not know every stop");

  // The shortest ride on offer from where a vehicle stands about, so that the test is no longer than it must be.
  let best;
  for (const to of stops.slice(0, 6)) {
    for (const from of stops.slice(0, 6)) {
      if (from === to) continue;
      const answer = await fetch(base + "/road/offers", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ from: { stop: from.id }, to: { stop: to.id }, party: 2 }) });
      if (!answer.ok) continue;
      const offer = await answer.json();
      const cost = offer.pickup.seconds + offer.ride.seconds;
      if (offer.ride.metres > 350 && (!best || cost < best.cost)) best = { cost, from, to };
    }
  }
  must(best, "nothing is on offer");
  await page.locator("select[name=from]").selectOption(best.from.id);
  // The other end is picked on the map, closer up if it is crowded there.
  const mark = page.getByRole("button", { name: best.to.name, exact: true });
  for (let i = 0; i < 6 && !(await mark.isVisible()); i++) await page.getByRole("button", { name: "Closer" }).click();
  if (await mark.isVisible()) await mark.click();
  else await page.locator("select[name=to]").selectOption(best.to.id);
  must((await page.locator("select[name=to]").inputValue()) === best.to.id, "a press on the map chose nothing");
  await page.getByRole("radio", { name: "2" }).check();
  await page.getByRole("button", { name: "Find a vehicle" }).click();
  await page.getByRole("heading", { name: "Your offer" }).waitFor();
  await clean("an offer");
  await shot("offer");
  await page.getByRole("button", { name: "Book it" }).click();
  await page.waitForURL(/\/ui\/ride\/[^/]+$/);
  const id = decodeURIComponent(new URL(page.url()).pathname.split("/").pop());
  const ride = async () => (await fetch(`${base}/road/rides/${encodeURIComponent(id)}`)).json();

  // It comes, and is told from others by its plate.
  await page.locator(".ride-coming, .ride-here").waitFor(long);
  await shot("coming");
  await page.locator(".ride-here").waitFor(long);
  const vehicle = (await ride()).vehicle;
  await page.getByText(vehicle.plate, { exact: true }).waitFor();
  await clean("a vehicle that is here");
  await page.getByRole("button", { name: "Unlock the doors" }).click();
  await page.locator(".ride-boarding").waitFor();
  await clean("boarding");

  // It does not start before everybody says that they are seated and belted.
  await page.getByRole("button", { name: "Start the ride" }).click();
  must((await ride()).state === "boarding", "the ride began without belts");
  await page.getByLabel(/are seated/).check();
  await page.getByLabel("Every belt is fastened").check();
  await page.getByRole("button", { name: "Start the ride" }).click();
  await page.locator(".ride-riding").waitFor(long);

  // The cabin view: a picture that moves, its words, and the same as text.
  await page.locator(".cabin-canvas").waitFor();
  await page.waitForFunction(() => Number(document.querySelector(".cabin-speed strong")?.textContent) > 8, null, long);
  await shot("cabin");
  must((await page.locator(".cabin-reason").innerText()).trim() !== "", "no reason is given");
  await page.getByText("The picture as text").click();
  await page.locator(".cabin-text p").first().waitFor();
  await clean("the cabin");
  const name = vehicle.id.split(":").pop();
  const seen = await frames(name, id, (_, ms) => ms > 3_000);
  console.log(`cabin: ${seen.hertz.toFixed(1)} frames/s of ${Math.round(seen.each)} bytes`);
  must(seen.each * 10 < 20_000, `${seen.each * 10} bytes/s for one viewer at ten frames a second`);

  // Nothing ever lies over Stop now, not even a question of the page's own.
  const stopNow = page.getByRole("button", { name: "Stop now" });
  for (const opens of ["Change destination", "Talk to a person"]) {
    await page.getByRole("button", { name: opens }).click();
    await page.locator("dialog[open]").waitFor();
    await stopNow.click({ trial: true }); // would it be hit?
    await clean(opens);
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "hidden" });
  }

  // Stop now: Escape goes to it from anywhere, one press acts, and nothing is asked first.
  await page.keyboard.press("Escape");
  must(await stopNow.evaluate((b) => b === document.activeElement), "Escape does not lead to Stop now");
  let watching;
  const ready = new Promise((done) => (watching = done));
  const told = frames(name, id, (f) => f.reason.code === "stop-ordered" || f.mode === "stopped", watching);
  await ready;
  const pressed = performance.now();
  await page.keyboard.press("Enter");
  const heard = await told;
  console.log(`press of Stop now to the first frame that says so: ${Math.round(heard.at - pressed)} ms (frames come every 100 ms)`);
  await page.locator(".ride-stopping, .ride-stopped").waitFor();
  await page.locator(".ride-stopped").waitFor(long);
  const standing = (await fleet()).find((v) => v.id === vehicle.id);
  must(standing.speed < 0.5, `it is stopped and drives ${standing.speed} km/h`);
  await shot("stopped");
  await clean("a stopped vehicle");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.locator(".ride-riding").waitFor(long);

  // Closing the page loses nothing.
  await page.goto(base + "/ui/ride");
  await page.getByRole("link", { name: "Go to it" }).click();
  await page.locator(".ride-riding, .ride-arrived, .ride-ended").waitFor();

  // Arrival, what it was like, and the card.
  await page.locator(".ride-arrived, .ride-ended").waitFor(long);
  await shot("arrived");
  await page.locator(".stars label").nth(4).click();
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("Thank you: 5 stars.").waitFor();
  await clean("arrival");
  await page.getByRole("link", { name: "Your ride card" }).click();
  await page.locator(".ride-card canvas").waitFor();
  await clean("the card");
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save the picture" }).click()]);
  must(saved.suggestedFilename() === "hutong-ride.png", saved.suggestedFilename());
  const colours = await page.locator(".ride-card canvas").evaluate((c) => new Set(new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer)).size);
  must(colours > 50, `the card has ${colours} colours: nothing is drawn`);
  await shot("card");
  const { card } = await ride();
  must(card.metres > 200 && card.path.length > 10, JSON.stringify(card).slice(0, 200));
  console.log(`rode ${card.metres} m in ${card.seconds} s from ${best.from.name} to ${best.to.name}`);
  must(page.wrongs.length === 0, page.wrongs.join("\n"));
});
