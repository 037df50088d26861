// The one live region of the page. Only what a person asked for and cannot otherwise notice is said here.
import { signal } from "@preact/signals";

const said = signal("");
let turn = false;

/** Has a screen reader say text when it is done with what it says now. */
export function say(text: string): void {
  turn = !turn;
  said.value = text + (turn ? "\u00a0" : ""); // the same text twice is still said twice
}

export function Voice() {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {said}
    </div>
  );
}
