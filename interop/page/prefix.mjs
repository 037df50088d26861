// The page behind a proxy that serves it below a prefix: links, files, the stream and commands all find their way.
//   node prefix.mjs BASE       (BASE ends with the prefix, without a slash)
import { main, must, open } from "./browser.mjs";

const [base] = process.argv.slice(2);
const prefix = new URL(base).pathname;

await main(async (browser) => {
  const page = await open(browser);
  page.on("request", (r) => {
    const path = new URL(r.url()).pathname;
    if (path !== "/favicon.ico" && !path.startsWith(prefix + "/")) page.wrongs.push(`asked for ${path}, outside of ${prefix}`);
  });
  await page.goto(base + "/ui/place/home/bathroom");
  const toggle = page.locator(".card[data-sort=lamp] input[role=switch][data-known=true]").first();
  const was = await toggle.isChecked();
  await toggle.click();
  await page.waitForFunction((on) => {
    const box = document.querySelector(".card[data-sort=lamp] input[role=switch]");
    return box?.checked === on && !box.dataset.asked && box.closest(".card").classList.contains("card-on") === on;
  }, !was);
  await page.locator(".card[data-sort=lamp] .card-title a").first().click();
  await page.locator(".band span").first().waitFor();
  must(new URL(page.url()).pathname.startsWith(prefix + "/ui/thing/"), page.url());
  await page.reload();
  await page.locator(".band span").first().waitFor();
  await page.getByRole("link", { name: "The quarter" }).click();
  await page.locator("#court-home").waitFor();
  must(new URL(page.url()).pathname === prefix + "/", page.url());
  must(page.wrongs.length === 0, page.wrongs.join("\n"));
});
