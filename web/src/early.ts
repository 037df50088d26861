// Runs before the first paint, so that the page never shows in the wrong colours, size or direction first.
import { apply, load } from "./app/prefs.ts";

apply(load());
