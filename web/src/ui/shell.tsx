// The frame around every page: where one can go, whether the line is up, and the page itself.
import type { ComponentChildren } from "preact";
import { now } from "../app/clock.ts";
import { heard, line, notices, reconnect, things } from "../app/hub.ts";
import { link, route } from "../app/router.ts";
import { quarter } from "../app/tree.ts";
import { age, t } from "../app/words.ts";
import { placeIcon } from "../td/sort.ts";
import { Brand } from "./brand.tsx";
import { Icon } from "./icon.tsx";
import { Voice } from "./say.tsx";
import { seenNotice } from "../pages/notices.tsx";

const pages = [
  ["", "quarter", "nav.home", ["", "place"]],
  ["ride", "shuttle", "nav.ride", ["ride", "road"]],
  ["things", "things", "nav.things", ["things", "thing"]],
  ["rules", "rules", "nav.rules", ["rules", "rule", "trace"]],
  ["notices", "bell", "nav.notices", ["notices"]],
  ["settings", "settings", "nav.settings", ["settings"]],
] as const;

export function Shell({ children }: { children: ComponentChildren }) {
  const here = route.value.page;
  const rides = here === "ride" || here === "road" || quarter.value.inside.some((c) => c.id === "road");
  return (
    <div class="shell">
      <a class="skip" href={location.pathname + "#main"} onClick={skip}>
        {t("nav.skip")}
      </a>
      <header class="rail">
        <a class="brand-link" href={link("")}>
          <Brand />
        </a>
        <nav class="nav" aria-label={t("nav.title")}>
          <ul>
            {pages.filter(([page]) => page !== "ride" || rides).map(([page, icon, words, of]) => (
              <li key={page}>
                <a href={link(page)} aria-current={(of as readonly string[]).includes(here) ? "page" : undefined}>
                  <Icon name={icon} />
                  <span>{t(words)}</span>
                  {page === "notices" && <Unseen />}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <LaneNav />
        <LineState />
      </header>
      <LostBanner />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Voice />
    </div>
  );
}

/** The frame for those who have not signed in and need not: a ride, and nothing else. */
export function Visitor({ children }: { children: ComponentChildren }) {
  return (
    <div class="shell shell-visitor">
      <header class="rail">
        <a class="brand-link" href={link("ride")}>
          <Brand />
        </a>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Voice />
    </div>
  );
}

function skip(e: Event): void {
  e.preventDefault();
  document.getElementById("main")?.focus();
}

function Unseen() {
  const n = notices.value.filter((x) => Date.parse(x.time) > seenNotice.value).length;
  if (n === 0) return null;
  return (
    <span class="badge">
      <span aria-hidden="true">{n > 99 ? "99+" : n}</span>
      <span class="unseen">{t("notices.new", { n })}</span>
    </span>
  );
}

/** The courts as houses on a lane. */
function LaneNav() {
  const courts = quarter.value.inside;
  if (courts.length === 0) return null;
  const { page, args } = route.value;
  return (
    <nav class="lane-nav" aria-label={t("place.courts")}>
      <ul>
        {courts.map((c) => (
          <li key={c.id}>
            <a href={link("place", c.id)} aria-current={page === "place" && args[0] === c.id ? "page" : undefined}>
              <Icon name={placeIcon(c.id)} />
              <bdi>{c.title}</bdi>
              <span class="count" aria-label={t("place.count", { things: c.count })}>
                {c.count}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function LineState() {
  const state = line.value;
  return (
    <p class={"line line-" + state}>
      <span class="dot" aria-hidden="true" />
      <span>{t(`line.${state}`)}</span>
      {state === "live" && <span class="line-count">{t("place.count", { things: things.value.size })}</span>}
    </p>
  );
}

/** Says, once the line is down, that what is shown is old, and how old. */
function LostBanner() {
  const down = line.value === "reconnecting";
  return (
    <div class="banner-place" role="status">
      {down && (
        <div class="banner">
          <Icon name="offline" />
          <span class="banner-words">
            <strong>{t("line.reconnecting")}</strong> <HowOld />
          </span>
          <button class="button" type="button" onClick={reconnect}>
            {t("line.retry")}
          </button>
        </div>
      )}
    </div>
  );
}

function HowOld() {
  return (
    <span aria-live="off" aria-atomic="false">
      {t("line.old", { age: age(heard.value, Math.max(now.value, heard.value)) })}
    </span>
  );
}
