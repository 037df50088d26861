// One slow clock for everything on the page that shows an age. It goes by the hub's time: the clock of a wall tablet
// may be wrong by hours, and an age must not be.
import { signal } from "@preact/signals";

let ahead = 0; // of the hub before this browser, milliseconds

/** The hub's time now, in milliseconds since 1970. */
export const hubNow = (): number => Date.now() + ahead;

export const now = signal(hubNow());

/** Sets the clock by what the hub said its time is. What the way here took is not worth a correction. */
export function setClock(hub: number): void {
  const off = hub - Date.now();
  ahead = Math.abs(off) > 2_000 ? off : 0;
  now.value = hubNow();
}

setInterval(() => {
  if (!document.hidden) now.value = hubNow();
}, 5_000);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) now.value = hubNow();
});
