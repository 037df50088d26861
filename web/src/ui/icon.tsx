import paths from "hutong:icons";
import type list from "../icons.json";

export type Icon = keyof typeof list;

/** An icon says nothing to a screen reader: the words beside it do. */
export function Icon({ name, class: more = "" }: { name: Icon; class?: string }) {
  return (
    <svg class={"icon " + more} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
