// Something fetched for as long as it is on the page, and again when asked or when the line is back.
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Problem } from "./http.ts";
import { line } from "./hub.ts";

export interface Fetched<T> {
  data: Signal<T | undefined>;
  wrong: Signal<Problem | undefined>;
  again: () => void;
}

export function useFetched<T>(load: (signal: AbortSignal) => Promise<T>, deps: unknown[], every = 0): Fetched<T> {
  const data = useSignal<T | undefined>(undefined);
  const wrong = useSignal<Problem | undefined>(undefined);
  const turn = useSignal(0);
  const up = line.value === "live";
  useEffect(() => {
    const stop = new AbortController();
    const once = () =>
      load(stop.signal).then(
        (v) => {
          data.value = v;
          wrong.value = undefined;
        },
        (e: unknown) => {
          if (!stop.signal.aborted) wrong.value = e instanceof Problem ? e : new Problem(0, "", String(e));
        },
      );
    void once();
    const timer = every > 0 ? setInterval(() => document.hidden || void once(), every) : undefined;
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [...deps, up, turn.value]);
  return { data, wrong, again: () => turn.value++ };
}
