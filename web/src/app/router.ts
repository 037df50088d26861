// Pages live under "ui/" below wherever the hub is mounted (a reverse proxy may add a prefix); index.html says where
// that is by <base>. Every link is a real link; a click on one is turned into a change of page without a load.
import { computed, signal } from "@preact/signals";

const root = new URL(document.baseURI).pathname;

export interface Route {
  page: string; // "" is home
  args: string[];
  query: URLSearchParams;
}

const where = signal({ path: location.pathname, search: location.search });

export const route = computed<Route>(() => {
  const rest = where.value.path.startsWith(root) ? where.value.path.slice(root.length) : "";
  const parts = rest.split("/").filter((p) => p !== "");
  if (parts[0] === "ui") parts.shift();
  return {
    page: parts[0] ?? "",
    args: parts.slice(1).map(decode),
    query: new URLSearchParams(where.value.search),
  };
});

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a page, to be used as a link. */
export function link(page: string, ...args: string[]): string {
  return page === "" ? root : root + ["ui", page, ...args.map(encodeURIComponent)].join("/");
}

/** Goes to an address of this page. With replace, the page before cannot be gone back to. */
export function go(href: string, replace = false): void {
  const url = new URL(href, document.baseURI);
  history.replaceState({ ...history.state, y: scrollY }, "");
  if (replace) history.replaceState({}, "", url);
  else history.pushState({}, "", url);
  const moved = url.pathname !== where.value.path;
  where.value = { path: url.pathname, search: url.search };
  if (moved) arrive(0);
}

function arrive(y: number): void {
  requestAnimationFrame(() => {
    scrollTo(0, y);
    // A screen reader goes on reading at the new page's title, and Tab from there.
    if (document.activeElement?.matches("main input")) return; // the page has put it where it is wanted
    document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  });
}

/** Starts to follow links and the browser's back and forward. */
export function follow(): void {
  history.scrollRestoration = "manual";
  addEventListener("popstate", () => {
    const moved = location.pathname !== where.value.path;
    where.value = { path: location.pathname, search: location.search };
    if (moved) arrive((history.state as { y?: number } | null)?.y ?? 0);
  });
  addEventListener("click", (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const a = (e.target as Element | null)?.closest?.("a");
    if (!a || a.target || a.hasAttribute("download") || a.origin !== location.origin) return;
    if (a.pathname !== root && !a.pathname.startsWith(root + "ui/")) return;
    if (a.hash && a.pathname === location.pathname) return;
    e.preventDefault();
    go(a.href);
  });
}
