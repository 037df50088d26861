// A page whose code is fetched when somebody goes there, so that the first load stays small.
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { t } from "../app/words.ts";

interface Slot {
  page: ComponentType<{ args: string[] }> | undefined;
  failed: boolean;
}

/** Makes a component of a page that load brings; until it has come something quiet stands in its place. */
export function later(load: () => Promise<ComponentType<{ args: string[] }>>): ComponentType<{ args: string[] }> {
  const slot = signal<Slot>({ page: undefined, failed: false });
  let asked = false;
  const fetchIt = () => {
    asked = true;
    slot.value = { page: undefined, failed: false };
    load().then(
      (page) => {
        slot.value = { page, failed: false };
        // A screen reader goes on at the title of the page that has now come.
        requestAnimationFrame(() => {
          if (document.activeElement === document.body) document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
        });
      },
      () => (slot.value = { page: undefined, failed: true }),
    );
  };
  return function Later({ args }: { args: string[] }) {
    if (!asked) fetchIt();
    const { page: Page, failed } = slot.value;
    if (Page) return <Page args={args} />;
    return (
      <div class="page-head">
        <h1 class={failed ? "" : "unseen"} tabIndex={-1}>
          {t(failed ? "line.reconnecting" : "line.connecting")}
        </h1>
        {failed && (
          <button class="button" type="button" onClick={fetchIt}>
            {t("line.retry")}
          </button>
        )}
      </div>
    );
  };
}
