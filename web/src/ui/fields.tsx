// Entering values that are not a property's own control: the input of an action, and raw JSON.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { t } from "../app/words.ts";
import { controlOf } from "../td/control.ts";
import { type Schema, spell, titleOf } from "../td/td.ts";

/** JSON as text, sent when it is valid and the button is pressed. */
export function JsonField({ id, value, send }: { id: string; value: unknown; send: (v: unknown) => void }) {
  const text = useSignal<string | undefined>(undefined);
  const wrong = useSignal(false);
  const hint = useId();
  return (
    <form
      class="json-box"
      onSubmit={(e) => {
        e.preventDefault();
        try {
          send(JSON.parse(text.value ?? JSON.stringify(value ?? null)));
          wrong.value = false;
          text.value = undefined;
        } catch {
          wrong.value = true;
        }
      }}
    >
      <textarea
        id={id}
        class="field field-json"
        dir="ltr"
        rows={2}
        spellcheck={false}
        aria-invalid={wrong.value}
        aria-describedby={wrong.value ? hint : undefined}
        value={text.value ?? (value === undefined ? "" : JSON.stringify(value))}
        onInput={(e) => (text.value = e.currentTarget.value)}
      />
      <button class="button" type="submit">
        {t("button.set")}
      </button>
      {wrong.value && (
        <p id={hint} class="note note-bad">
          {t("json.wrong")}
        </p>
      )}
    </form>
  );
}

interface FieldProps {
  name: string;
  schema: Schema;
  lang: string;
  value: unknown;
  required: boolean;
  change: (v: unknown) => void;
}

/** A field for one value of a schema; objects nest. */
export function SchemaField({ name, schema, lang, value, required, change }: FieldProps) {
  const id = useId();
  const c = controlOf(schema, name, lang);
  const title = titleOf(schema, lang, spell(name));
  if (c.kind === "none") return null;
  if (c.kind === "object") {
    const o = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
    return (
      <fieldset class="fields">
        <legend>{title}</legend>
        {c.fields.map(([n, s, needed]) => (
          <SchemaField
            key={n}
            name={n}
            schema={s}
            lang={lang}
            value={o[n]}
            required={needed}
            change={(v) => {
              const next = { ...o, [n]: v };
              if (v === undefined) delete next[n];
              change(next);
            }}
          />
        ))}
      </fieldset>
    );
  }
  return (
    <div class="fields-row">
      <label for={id}>
        {title}
        {"unit" in c && c.unit ? ` (${c.unit})` : ""}
      </label>
      {c.kind === "switch" && (
        <input
          id={id}
          class="switch"
          type="checkbox"
          role="switch"
          checked={value === c.on}
          onChange={(e) => change(e.currentTarget.checked ? c.on : c.off)}
        />
      )}
      {(c.kind === "slider" || c.kind === "number") && (
        <input
          id={id}
          class="field field-number"
          type="number"
          min={c.min}
          max={c.max}
          step={c.kind === "slider" && schema.multipleOf === undefined && schema.type !== "integer" ? "any" : c.step}
          required={required}
          value={typeof value === "number" ? value : ""}
          onInput={(e) => change(e.currentTarget.value === "" ? undefined : e.currentTarget.valueAsNumber)}
        />
      )}
      {c.kind === "choice" && (
        <select
          id={id}
          class="field"
          required={required}
          onChange={(e) => change(e.currentTarget.value === "" ? undefined : c.choices[Number(e.currentTarget.value)]?.value)}
        >
          <option value="">–</option>
          {c.choices.map((x, i) => (
            <option key={i} value={String(i)} selected={x.value === value}>
              {x.title}
            </option>
          ))}
        </select>
      )}
      {c.kind === "text" && (
        <input
          id={id}
          class="field"
          type={c.input as "text"}
          dir="auto"
          required={required}
          maxLength={c.maxLength}
          value={typeof value === "string" ? value : ""}
          onInput={(e) => change(e.currentTarget.value === "" && !required ? undefined : e.currentTarget.value)}
        />
      )}
      {(c.kind === "json" || c.kind === "colour") && (
        <textarea
          id={id}
          class="field field-json"
          dir="ltr"
          rows={2}
          spellcheck={false}
          onInput={(e) => {
            const el = e.currentTarget;
            try {
              change(el.value === "" ? undefined : JSON.parse(el.value));
              el.setCustomValidity("");
            } catch {
              el.setCustomValidity(t("json.wrong"));
            }
          }}
        />
      )}
    </div>
  );
}
