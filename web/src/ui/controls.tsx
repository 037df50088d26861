// One control for each kind of property. Each shows what is, or what has been asked while that is not yet so.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { type Asked, asking, write } from "../app/ask.ts";
import { state } from "../app/hub.ts";
import { shows, type State } from "../app/state.ts";
import { t } from "../app/words.ts";
import { fromHex, toHex } from "../td/colour.ts";
import type { Control } from "../td/control.ts";
import type { Prop } from "../td/device.ts";
import { figureOf, join, textOf } from "../td/format.ts";
import { JsonField } from "./fields.tsx";
import { problemText } from "./problem.ts";

interface Of {
  thing: string;
  prop: Prop;
}

/** Reads what is and what is asked of a property, and follows both. */
export function useProp({ thing, prop }: Of): { is: State; asked: Asked | undefined; value: unknown } {
  const is = state(thing, prop.name).value;
  const asked = asking(thing, prop.name).value;
  const waiting = asked && asked.stage !== "failed" && asked.stage !== "unanswered";
  return { is, asked, value: waiting ? asked.value : shows(is) ? is.value : undefined };
}

/** A row of label, control and value for one property. */
export function PropRow({ thing, prop }: Of) {
  const id = useId();
  const { is, asked } = useProp({ thing, prop });
  return (
    <div class={"row row-" + rowKind(prop)} data-quality={is.quality} data-asked={asked?.stage}>
      <label class="row-label" for={id}>
        {prop.title}
        <AskedMark asked={asked} />
      </label>
      {prop.writable ? <Entry id={id} thing={thing} prop={prop} /> : <output id={id} class="row-value"><Value thing={thing} prop={prop} labelled /></output>}
      <AskedNote asked={asked} />
    </div>
  );
}

const rowKind = (p: Prop): string => (p.writable ? p.control.kind : "shown");

/** The value of a property as text; labelled says that its title stands beside it. */
export function Value({ thing, prop, labelled = false }: Of & { labelled?: boolean }) {
  const { is } = useProp({ thing, prop });
  if (!shows(is)) return <span class="nothing">{t(is.quality === "bad" ? "value.bad" : "value.unknown")}</span>;
  if (prop.control.kind === "colour") {
    const hex = toHex(is.value, prop.control.form);
    if (hex) {
      return (
        <span class="swatch-value">
          <span class="swatch" style={{ backgroundColor: hex }} aria-hidden="true" /> <span dir="ltr">{hex}</span>
        </span>
      );
    }
  }
  if (typeof is.value === "number" && prop.control.kind !== "choice") {
    const f = figureOf(prop, is.value);
    return (
      <bdi class="figure">
        {f.text}
        {f.unit && <span class="unit">{"\u202f" + f.unit}</span>}
      </bdi>
    );
  }
  return <bdi>{textOf(is.value, prop.control, prop.schema, prop.name, prop.unit, labelled)}</bdi>;
}

/** Says that a wish is on its way; takes no room of its own, and shows only when the answer takes a while. */
export function AskedMark({ asked }: { asked: Asked | undefined }) {
  if (!asked || asked.stage === "failed" || asked.stage === "unanswered") return null;
  return <span class="asked"> {t("asked.waiting")}</span>;
}

/** What became of a wish that came to nothing: not confirmed, or refused and why. */
export function AskedNote({ asked }: { asked: Asked | undefined }) {
  if (!asked) return null;
  if (asked.stage === "failed") {
    return (
      <p class="note note-bad" role="alert">
        {problemText(asked.problem)}
      </p>
    );
  }
  if (asked.stage === "unanswered") return <p class="note note-warn">{t("asked.unanswered")}</p>;
  return null;
}

function Entry({ id, thing, prop }: Of & { id: string }) {
  const c = prop.control;
  switch (c.kind) {
    case "switch":
      return <Switch id={id} thing={thing} prop={prop} />;
    case "slider":
      return <Slider id={id} thing={thing} prop={prop} control={c} />;
    case "number":
      return <NumberField id={id} thing={thing} prop={prop} control={c} />;
    case "choice":
      return <ChoiceField id={id} thing={thing} prop={prop} control={c} />;
    case "text":
      return <TextField id={id} thing={thing} prop={prop} control={c} />;
    case "colour":
      return <ColourField id={id} thing={thing} prop={prop} control={c} />;
    default:
      return <JsonEntry id={id} thing={thing} prop={prop} />;
  }
}

/** A switch; label names it where no label element does. */
export function Switch({ id, thing, prop, label }: Of & { id?: string; label?: string }) {
  const { is, asked, value } = useProp({ thing, prop });
  if (prop.control.kind !== "switch") return null;
  const { on, off } = prop.control;
  return (
    <input
      id={id}
      class="switch"
      type="checkbox"
      role="switch"
      aria-label={label}
      checked={value === on}
      data-known={shows(is)}
      data-asked={asked?.stage}
      onChange={(e) => void write(thing, prop.name, e.currentTarget.checked ? on : off)}
    />
  );
}

function Slider({ id, thing, prop, control: c }: Of & { id: string; control: Extract<Control, { kind: "slider" }> }) {
  const { asked, value } = useProp({ thing, prop });
  const held = useSignal<number | undefined>(undefined); // while a finger is on it
  const known = typeof value === "number";
  const n = held.value ?? (known ? value : c.min);
  const part = Math.min(1, Math.max(0, (n - c.min) / (c.max - c.min)));
  const text = known || held.value !== undefined ? join(figureOf(prop, n)) : t("value.unknown");
  return (
    <div class="slider-box">
      <input
        id={id}
        class={"slider slider-" + c.look}
        type="range"
        min={c.min}
        max={c.max}
        step={c.step}
        value={n}
        data-known={known}
        data-asked={asked?.stage}
        aria-valuetext={text}
        style={{ "--part": String(part) }}
        onInput={(e) => {
          held.value = e.currentTarget.valueAsNumber;
          void write(thing, prop.name, held.value);
        }}
        onChange={() => (held.value = undefined)}
        onBlur={() => (held.value = undefined)}
      />
      <output class="row-value" for={id}>
        <bdi>{text}</bdi>
      </output>
    </div>
  );
}

function NumberField({ id, thing, prop, control: c }: Of & { id: string; control: Extract<Control, { kind: "number" }> }) {
  const { value } = useProp({ thing, prop });
  return (
    <div class="field-box">
      <input
        id={id}
        class="field field-number"
        type="number"
        inputMode={c.whole ? "numeric" : "decimal"}
        min={c.min}
        max={c.max}
        step={c.step}
        value={typeof value === "number" ? value : ""}
        placeholder={t("value.unknown")}
        onChange={(e) => {
          const el = e.currentTarget;
          if (el.value === "" || !el.reportValidity()) return;
          void write(thing, prop.name, el.valueAsNumber);
        }}
      />
      {c.unit && <span class="unit">{c.unit}</span>}
    </div>
  );
}

function ChoiceField({ id, thing, prop, control: c }: Of & { id: string; control: Extract<Control, { kind: "choice" }> }) {
  const { value } = useProp({ thing, prop });
  const at = c.choices.findIndex((x) => x.value === value);
  return (
    <select
      id={id}
      class="field"
      value={at < 0 ? "" : String(at)}
      onChange={(e) => {
        const x = c.choices[Number(e.currentTarget.value)];
        if (x && e.currentTarget.value !== "") void write(thing, prop.name, x.value);
      }}
    >
      {at < 0 && (
        <option value="" disabled selected>
          {value === undefined || value === null ? t("value.unknown") : String(value)}
        </option>
      )}
      {c.choices.map((x, i) => (
        <option key={i} value={String(i)} selected={i === at}>
          {textOf(x.value, c, prop.schema, prop.name, "")}
        </option>
      ))}
    </select>
  );
}

function TextField({ id, thing, prop, control: c }: Of & { id: string; control: Extract<Control, { kind: "text" }> }) {
  const { value } = useProp({ thing, prop });
  return (
    <input
      id={id}
      class="field"
      type={(c.secret ? "password" : c.input) as "text"}
      autocomplete="off"
      maxLength={c.maxLength}
      dir="auto"
      value={typeof value === "string" ? value : ""}
      placeholder={prop.readable ? t("value.unknown") : ""}
      onChange={(e) => void write(thing, prop.name, e.currentTarget.value)}
    />
  );
}

function ColourField({ id, thing, prop, control: c }: Of & { id: string; control: Extract<Control, { kind: "colour" }> }) {
  const { is, value } = useProp({ thing, prop });
  const hex = toHex(value, c.form);
  return (
    <span class="colour-box" style={{ "--colour": hex ?? "transparent" }}>
      <input
        id={id}
        class="colour"
        type="color"
        value={hex ?? "#ffffff"}
        data-known={hex !== undefined}
        onChange={(e) => void write(thing, prop.name, fromHex(e.currentTarget.value, c.form, is.value))}
      />
    </span>
  );
}

function JsonEntry({ id, thing, prop }: Of & { id: string }) {
  const { value } = useProp({ thing, prop });
  return <JsonField id={id} value={value} send={(v) => void write(thing, prop.name, v)} />;
}
