// Buttons for actions, and a dialog where an action needs input.
import { useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import { invoke, invoking } from "../app/ask.ts";
import { Problem } from "../app/http.ts";
import { t, tag } from "../app/words.ts";
import type { Act } from "../td/device.ts";
import { structure } from "../td/format.ts";
import { SchemaField } from "./fields.tsx";
import { Icon } from "./icon.tsx";
import { problemText } from "./problem.ts";
import { say } from "./say.tsx";

interface Of {
  thing: string;
  act: Act;
}

/** A button that invokes an action, or opens a dialog for its input first. */
export function ActionButton({ thing, act }: Of) {
  const dialog = useRef<HTMLDialogElement>(null);
  const answer = useSignal<{ text: string; bad: boolean } | undefined>(undefined);
  const input = useSignal<unknown>(undefined);
  const title = useId();
  const busy = invoking(thing, act.name).value?.stage === "sending";
  const run = async (value?: unknown) => {
    answer.value = undefined;
    try {
      const out = await invoke(thing, act.name, value);
      const text = out.running !== undefined ? t("action.running") : out.output !== undefined ? show(out.output) : t("action.done");
      answer.value = { text, bad: false };
      dialog.current?.close();
    } catch (e) {
      answer.value = { text: problemText(e instanceof Problem ? e : undefined), bad: true };
    }
    say(act.title + ": " + answer.value.text);
  };
  const needs = act.input !== undefined && act.control.kind !== "none";
  return (
    <div class="action">
      <button
        class="button"
        type="button"
        aria-busy={busy}
        title={act.description || undefined}
        onClick={() => (needs ? dialog.current?.showModal() : busy || void run())}
      >
        {act.title}
        {needs && "…"}
      </button>
      {answer.value && <p class={answer.value.bad ? "note note-bad" : "note note-good"}>{answer.value.text}</p>}
      {needs && act.input && (
        <dialog ref={dialog} class="sheet" aria-labelledby={title}>
          <form
            onSubmit={(e) => {
              e.preventDefault();
              void run(input.value ?? (act.input?.type === "object" ? {} : undefined));
            }}
          >
            <header class="sheet-head">
              <h2 id={title}>{act.title}</h2>
              <button class="icon-button" type="button" aria-label={t("button.close")} onClick={() => dialog.current?.close()}>
                <Icon name="clear" />
              </button>
            </header>
            {act.description && <p class="soft">{act.description}</p>}
            <SchemaField
              name={t("action.input")}
              schema={act.input}
              lang={tag.value}
              value={input.value}
              required={true}
              change={(v) => (input.value = v)}
            />
            {answer.value?.bad && <p class="note note-bad">{answer.value.text}</p>}
            <div class="sheet-foot">
              <button class="button button-main" type="submit" aria-busy={busy}>
                {act.title}
              </button>
            </div>
          </form>
        </dialog>
      )}
    </div>
  );
}

const show = (v: unknown): string => (typeof v === "object" && v !== null ? structure(v) : String(v));
