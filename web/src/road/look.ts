// The colours a road is painted in, as the style sheet has them for the theme of now.

const names = [
  "ground",
  "park",
  "water",
  "shade",
  "kerb",
  "asphalt",
  "walk",
  "cycle",
  "shoulder",
  "line",
  "centre",
  "house",
  "house-line",
  "car",
  "car-line",
  "glass",
  "person",
  "thing",
  "ego",
  "ego-line",
  "door",
  "brake",
  "slow",
  "mid",
  "fast",
  "halt",
  "guess",
  "route",
  "ring",
  "ink",
  "plate",
  "area",
  "red",
  "amber",
  "green",
] as const;

export type Look = Record<(typeof names)[number], string> & { font: string };

/** Reads the colours that hold for an element: the variables --road-…, resolved. */
export function lookOf(el: HTMLElement): Look {
  const box = document.createElement("span");
  // One probe for each: a single one whose colour changes would show the colour before, where colours change gently.
  const probes = names.map((name) => {
    const probe = box.appendChild(document.createElement("i"));
    probe.style.color = `var(--road-${name})`;
    return probe;
  });
  el.append(box);
  const look = { font: getComputedStyle(el).fontFamily } as Look;
  names.forEach((name, i) => (look[name] = getComputedStyle(probes[i]!).color));
  box.remove();
  return look;
}

/** A colour between two that are written as rgb(r, g, b). */
export function blend(a: string, b: string, k: number): string {
  const [x, y] = [parts(a), parts(b)];
  return `rgb(${x.map((v, i) => Math.round(v + ((y[i] ?? v) - v) * k)).join(",")})`;
}

const parts = (s: string): number[] => (s.match(/[\d.]+/g) ?? ["0", "0", "0"]).slice(0, 3).map(Number);
