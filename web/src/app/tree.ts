// The place tree with the Things in it, in the order of a walk: a place, what stands in it, the places inside it.
import { computed } from "@preact/signals";
import { tr } from "./words.ts";
import { type PlaceNode, places, type Summary, things } from "./hub.ts";

export interface Spot {
  id: string;
  title: string;
  depth: number; // 1 is a court
  things: Summary[]; // standing here, not in a place inside
  inside: Spot[];
  count: number; // here and inside
}

const courts = ["home", "park", "road", "clinic", "visit"];

/** The quarter: its courts are inside it, and what has no place stands in it. */
export const quarter = computed<Spot>(() => {
  const root: Spot = { id: "", title: "", depth: 0, things: [], inside: [], count: 0 };
  const spots = new Map<string, Spot>([["", root]]);
  const titles = new Map<string, string>();
  const order = new Map<string, number>();
  const walk = (p: PlaceNode) => {
    titles.set(p.id, p.title);
    order.set(p.id, order.size);
    for (const q of p.places ?? []) walk(q);
  };
  walk(places.value);
  const at = (id: string): Spot => {
    const known = spots.get(id);
    if (known) return known;
    const cut = id.lastIndexOf("/");
    const parent = at(cut < 0 ? "" : id.slice(0, cut));
    const spot: Spot = {
      id,
      title: named(id, titles.get(id)),
      depth: parent.depth + 1,
      things: [],
      inside: [],
      count: 0,
    };
    spots.set(id, spot);
    parent.inside.push(spot);
    return spot;
  };
  for (const s of things.value.values()) at(s.place ?? "").things.push(s);
  const finish = (s: Spot): number => {
    s.things.sort((a, b) => a.title.localeCompare(b.title, undefined, { numeric: true }));
    s.inside.sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title, undefined, { numeric: true }));
    s.count = s.things.length + s.inside.reduce((n, i) => n + finish(i), 0);
    return s.count;
  };
  const rank = (s: Spot): number => {
    const court = courts.indexOf(s.id);
    return court >= 0 ? court : 100;
  };
  finish(root);
  return root;
});

/** The place of this id, undefined when nothing is there. */
export function spotAt(id: string): Spot | undefined {
  let spot: Spot | undefined = quarter.value;
  let path = "";
  for (const part of id === "" ? [] : id.split("/")) {
    path = path ? path + "/" + part : part;
    spot = spot?.inside.find((s) => s.id === path);
  }
  return spot;
}

/** The places from the court down to the place of this id. */
export function pathTo(id: string): { id: string; title: string }[] {
  const out: { id: string; title: string }[] = [];
  let path = "";
  for (const part of id === "" ? [] : id.split("/")) {
    path = path ? path + "/" + part : part;
    out.push({ id: path, title: spotAt(path)?.title ?? named(path, undefined) });
  }
  return out;
}

/** A court called by its plain name is called so in the language of the page. */
function named(id: string, title: string | undefined): string {
  const own = title || spellSlug(id.slice(id.lastIndexOf("/") + 1));
  return own.toLowerCase() === id ? tr("court", id, own) : own;
}

function spellSlug(slug: string): string {
  const words = slug.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
