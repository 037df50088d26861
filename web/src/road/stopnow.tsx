// "Stop now". It is on the screen for as long as somebody is in the vehicle, it acts when it is pressed and not when it
// is let go, it asks nothing before it has acted, and it tries again until the hub has said that it knows.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Problem, send } from "../app/http.ts";
import { t } from "../app/words.ts";
import { Icon } from "../ui/icon.tsx";
import { problemText } from "../ui/problem.ts";
import { asProblem, ridePath, type RideState } from "./area.ts";

type Stage = "ready" | "sending" | "told" | "again" | "refused";

const patience = 2_500; // ms for one try

/** own says that the passenger has stopped it, and so may let it go on. */
export function StopNow({ id, state, own }: { id: string; state: RideState; own: boolean }) {
  const stage = useSignal<Stage>("ready");
  const problem = useSignal<Problem | undefined>(undefined);
  const button = useRef<HTMLButtonElement>(null);
  const pressed = useRef(-Infinity);
  const stop = async () => {
    if (performance.now() - pressed.current < 700) return; // the click that follows a press
    pressed.current = performance.now();
    if (stage.peek() === "sending" || stage.peek() === "again") return;
    stage.value = "sending";
    problem.value = undefined;
    navigator.vibrate?.(40);
    for (let wait = 0; ; wait = Math.min(1_000, wait + 200)) {
      if (wait > 0) await new Promise((done) => setTimeout(done, wait));
      try {
        // It goes out even while the page is being left, and before anything else.
        await send("POST", ridePath(id, "stop"), {}, { signal: AbortSignal.timeout(patience), keepalive: true, priority: "high" });
        stage.value = "told";
        return;
      } catch (e) {
        const p = e instanceof DOMException ? new Problem(0, "", "") : asProblem(e);
        problem.value = p;
        if (p.status >= 400 && p.status < 500 && p.status !== 429 && p.status !== 408) {
          stage.value = "refused";
          return;
        }
        stage.value = "again";
      }
    }
  };
  useEffect(() => {
    if (state === "riding") stage.value = "ready";
  }, [state]);
  useEffect(() => {
    // From anywhere on the page, Escape comes here; Enter then stops.
    const key = (e: KeyboardEvent) => {
      if (e.key !== "Escape" || e.defaultPrevented || e.isComposing) return;
      button.current?.focus();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const standing = state === "stopped";
  const words =
    stage.value === "again"
      ? t("stop.again")
      : stage.value === "refused"
        ? problemText(problem.value)
        : standing
          ? t(own ? "stop.stands" : "stop.waits")
          : state === "stopping" || stage.value === "told"
            ? t("stop.told")
            : stage.value === "sending"
              ? t("stop.sending")
              : "";
  return (
    <div class="stop-bar" data-stage={stage.value}>
      <button
        ref={button}
        class="stop-now"
        type="button"
        aria-describedby="stop-words"
        onPointerDown={(e) => e.button === 0 && void stop()}
        onClick={() => void stop()}
        onContextMenu={(e) => e.preventDefault()}
      >
        <Icon name="halt" />
        <span>{t("stop.now")}</span>
      </button>
      <p id="stop-words" class="stop-words" role={stage.value === "again" || stage.value === "refused" ? "alert" : "status"}>
        {words || <span class="stop-keys">{t("stop.keys")}</span>}
      </p>
    </div>
  );
}
