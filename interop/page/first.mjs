// A locked and empty hub: sign in with a token, and be told how to begin.
//   node first.mjs BASE TOKEN
import { ask, axe, main, must, open } from "./browser.mjs";

const [base, token] = process.argv.slice(2);

await main(async (browser) => {
  const page = await open(browser, { width: 360 });
  const clean = async (what) => {
    const found = await axe(page);
    must(found.length === 0, `${what}:\n${found.join("\n")}`);
  };
  await page.goto(base + "/ui/settings");
  const field = page.getByLabel("Token");
  await field.waitFor();
  await clean("the page to sign in");
  await field.fill("htg_wrong");
  await field.press("Enter");
  await page.getByText("This token is not known here").waitFor();
  await clean("a wrong token");
  await field.fill(token);
  await field.press("Enter");
  await page.getByText(/Signed in as/).waitFor();
  must(!(await page.evaluate(() => document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage))).includes("htg_"), "a script can read the token");
  await page.getByRole("link", { name: "Quarter" }).first().click();
  await page.getByRole("heading", { name: "An empty quarter" }).waitFor();
  await clean("an empty quarter");

  // The first device announces itself, and there it is.
  const announced = page.locator(".card", { hasText: "Kettle" });
  await ask("announce");
  await announced.waitFor();

  await page.goto(base + "/ui/settings");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  must(page.wrongs.length === 0, page.wrongs.join("\n"));
});
