// One slow clock for everything on the page that shows an age.
import { signal } from "@preact/signals";

export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 5_000);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) now.value = Date.now();
});
