// The area from above, north up: its road, its limits, ways and vehicles on it, and marks that can be pressed.
import { type ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { t } from "../app/words.ts";
import { Icon } from "../ui/icon.tsx";
import type { Pose, XY } from "./area.ts";
import { useSheet } from "./cabin.tsx";
import { type Camera, fit, matrix, toGround, toScreen } from "./camera.ts";
import { type Brush, calm, Canvas } from "./canvas.tsx";
import { turnTo } from "./frame.ts";
import type { Box } from "./ground.ts";
import { drawRoute, within } from "./paint.ts";

export interface Mover {
  id: string;
  name: string;
  pose: Pose;
  tone: "mine" | "busy" | "free" | "bad";
}

/** Something of the page that stands at a place of the ground. */
export interface Mark {
  key: string;
  at: XY;
  node: ComponentChildren;
  above?: boolean; // it stands on its place like a pin, not around it
  drag?: (to: XY) => void;
}

interface Of {
  label: string;
  box: Box; // what to show at first
  fitKey?: string; // when it changes, box is shown anew
  movers?: readonly Mover[];
  route?: readonly XY[];
  polygon?: readonly XY[];
  marks?: readonly Mark[];
  children?: ComponentChildren;
}

const near = 18; // px: half of what a finger needs

function buttonsOf(map: HTMLElement | null): DOMRect[] {
  const from = map?.getBoundingClientRect();
  if (!map || !from) return [];
  return [...map.querySelectorAll(".map-tools button")].map((b) => {
    const r = b.getBoundingClientRect();
    return new DOMRect(r.left - from.left, r.top - from.top, r.width, r.height);
  });
}

interface Hand {
  at: XY;
  mark: Mark | undefined;
}

export function Overview({ label, box, fitKey = "", movers = [], route = [], polygon = [], marks = [], children }: Of) {
  const sheet = useSheet();
  const view = useRef<{ camera: Camera | undefined; own: boolean; key: string; width: number; height: number }>({ camera: undefined, own: false, key: "", width: 0, height: 0 });
  const at = useRef(new Map<string, Pose>()); // where each vehicle is drawn, on its way to where it is
  const layer = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const tools = useRef<DOMRect[]>([]); // where the map's own buttons are
  const hands = useRef(new Map<number, Hand>());
  const turn = useSignal(0);
  const last = useRef(0);
  void turn.value;

  const draw = (b: Brush): number => {
    const v = view.current;
    if (!v.camera || v.key !== fitKey || (!v.own && (v.width !== b.width || v.height !== b.height))) {
      v.camera = fit(box, b.width, b.height, Math.min(64, b.width * 0.12));
      v.own = false;
    } else if (v.width !== b.width || v.height !== b.height) {
      v.camera = { ...v.camera, ax: b.width / 2, ay: b.height / 2 };
    }
    if (v.width !== b.width || v.height !== b.height) tools.current = buttonsOf(frame.current);
    Object.assign(v, { key: fitKey, width: b.width, height: b.height });
    const c = v.camera;
    const dt = Math.min(0.2, (b.now - last.current) / 1000);
    last.current = b.now;
    ground(b, c);
    const moving = vehicles(b, c, dt);
    place(c);
    return moving ? (calm.value ? 500 : 0) : Infinity;
  };

  const ground = (b: Brush, c: Camera) => {
    const { ctx, ratio, look } = b;
    if (sheet) sheet.draw(ctx, c, b.width, b.height, ratio, look);
    else {
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.fillStyle = look.ground;
      ctx.fillRect(0, 0, b.width * ratio, b.height * ratio);
    }
    ctx.setTransform(...matrix(c, ratio));
    const px = 1 / c.scale;
    if (polygon.length > 2) limits(ctx, polygon, look.area, look.shade, px);
    if (route.length > 1) drawRoute(ctx, route, Math.max(1.2, 5 * px), look);
  };

  const vehicles = (b: Brush, c: Camera, dt: number): boolean => {
    let moving = false;
    const known = new Set<string>();
    for (const m of movers) {
      known.add(m.id);
      const was = at.current.get(m.id);
      let now: Pose = m.pose;
      if (was && !calm.value) {
        const gap = Math.hypot(m.pose[0] - was[0], m.pose[1] - was[1]);
        const k = gap > 60 ? 1 : 1 - Math.exp(-dt * 2.2);
        now = [was[0] + (m.pose[0] - was[0]) * k, was[1] + (m.pose[1] - was[1]) * k, turnTo(was[2], m.pose[2], k)];
        if (gap > 0.05 || Math.abs(turnTo(was[2], m.pose[2], 1) - was[2]) > 0.01) moving = true;
      }
      at.current.set(m.id, now);
      mover(b, c, now, m.tone);
    }
    for (const id of at.current.keys()) if (!known.has(id)) at.current.delete(id);
    return moving;
  };

  /** Puts the marks where they belong. What would lie on another, or under the buttons, waits until one looks closer;
      the list beside the map has it all the same. */
  const place = (c: Camera) => {
    const labels: DOMRect[] = [];
    const spots: XY[] = [];
    const all = [...(layer.current?.children ?? [])] as HTMLElement[];
    const kept = (el: HTMLElement | undefined) => Number(el?.querySelector("[data-kept]") !== null);
    const order = marks.map((m, i) => ({ m, el: all[i] })).sort((x, y) => kept(y.el) - kept(x.el));
    for (const { m, el } of order) {
      if (!el) continue;
      const [x, y] = toScreen(c, m.at);
      el.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
      const under = tools.current.some((r) => x > r.left - near && x < r.right + near && y > r.top - near && y < r.bottom + near);
      const crowded = under || spots.some((p) => Math.abs(p[0] - x) < 2 * near && Math.abs(p[1] - y) < 2 * near);
      el.toggleAttribute("data-crowded", crowded && !el.contains(document.activeElement));
      if (crowded) continue;
      spots.push([x, y]);
      const text = el.querySelector<HTMLElement>(".mark-label");
      if (!text) continue;
      const wide = text.offsetWidth;
      const box = new DOMRect(x - wide / 2 - 4, y + 10, wide + 8, 24);
      const hidden = labels.some((r) => r.left < box.right && box.left < r.right && r.top < box.bottom && box.top < r.bottom);
      el.toggleAttribute("data-bare", hidden);
      if (!hidden) labels.push(box);
    }
  };

  const redraw = () => turn.value++;
  const zoom = (by: number, px?: XY) => {
    const v = view.current;
    if (!v.camera) return;
    const c = v.camera;
    const point = px ?? [c.ax, c.ay];
    const fixed = toGround(c, point);
    const scale = Math.max(0.05, Math.min(24, c.scale * by));
    // What lies under the finger stays there.
    const next = { ...c, scale };
    const moved = toGround(next, point);
    v.camera = { ...next, x: c.x + fixed[0] - moved[0], y: c.y + fixed[1] - moved[1] };
    v.own = true;
    redraw();
  };
  const whole = () => {
    view.current.own = false;
    view.current.camera = undefined;
    redraw();
  };
  const spot = (e: PointerEvent | WheelEvent): XY => {
    const r = (e.currentTarget as HTMLElement).getBoundingClientRect();
    return [e.clientX - r.left, e.clientY - r.top];
  };
  const markOf = (e: PointerEvent): Mark | undefined => {
    const el = (e.target as Element).closest(".mark");
    const i = el && layer.current ? [...layer.current.children].indexOf(el) : -1;
    return marks[i];
  };
  const press = (e: PointerEvent) => {
    if (e.button !== 0 || (e.target as Element).closest(".map-tools")) return;
    const mark = markOf(e);
    if (mark && !mark.drag) return;
    hands.current.set(e.pointerId, { at: spot(e), mark });
    (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId);
  };
  const move = (e: PointerEvent) => {
    const hand = hands.current.get(e.pointerId);
    const v = view.current;
    if (!hand || !v.camera) return;
    const to = spot(e);
    const from = hand.at;
    hand.at = to;
    if (hand.mark) return (marks.find((m) => m.key === hand.mark?.key) ?? hand.mark).drag?.(toGround(v.camera, to));
    const others = [...hands.current.entries()].filter(([id]) => id !== e.pointerId).map(([, h]) => h.at);
    const other = others[0];
    if (other) {
      const before = Math.hypot(from[0] - other[0], from[1] - other[1]);
      const after = Math.hypot(to[0] - other[0], to[1] - other[1]);
      if (before > 0) zoom(after / before, [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2]);
      return;
    }
    v.camera = { ...v.camera, x: v.camera.x - (to[0] - from[0]) / v.camera.scale, y: v.camera.y + (to[1] - from[1]) / v.camera.scale };
    v.own = true;
    redraw();
  };
  /** Brings a mark that has the focus into sight. */
  const show = (el: Element) => {
    const v = view.current;
    const mark = marks[[...(layer.current?.children ?? [])].findIndex((x) => x.contains(el))];
    if (!v.camera || !mark) return;
    const [x, y] = toScreen(v.camera, mark.at);
    if (x > near && y > near && x < v.width - near && y < v.height - near) return;
    v.camera = { ...v.camera, x: mark.at[0], y: mark.at[1] };
    v.own = true;
    redraw();
  };
  const lift = (e: PointerEvent) => hands.current.delete(e.pointerId);
  useEffect(() => {
    const el = frame.current;
    // A wheel scrolls the page; only with Ctrl, which is also what a pinch on a touchpad sends, it zooms.
    const wheel = (e: WheelEvent) => {
      if (!e.ctrlKey && !e.metaKey) return;
      e.preventDefault();
      zoom(Math.exp(-e.deltaY / 200), spot(e));
    };
    el?.addEventListener("wheel", wheel, { passive: false });
    return () => el?.removeEventListener("wheel", wheel);
  }, []);
  return (
    <div class="map" role="group" aria-label={label} ref={frame} onPointerDown={press} onPointerMove={move} onPointerUp={lift} onPointerCancel={lift}>
      <Canvas class="map-canvas" aria-hidden="true" draw={draw} />
      <div class="map-marks" ref={layer} onFocusCapture={(e) => show(e.target as Element)}>
        {marks.map((m) => (
          <div key={m.key} class={"mark" + (m.above ? " mark-above" : "")} data-drag={m.drag !== undefined}>
            {m.node}
          </div>
        ))}
      </div>
      {children}
      <div class="map-tools">
        <button class="icon-button" type="button" aria-label={t("map.closer")} title={t("map.closer")} onClick={() => zoom(1.5)}>
          <Icon name="plus" />
        </button>
        <button class="icon-button" type="button" aria-label={t("map.further")} title={t("map.further")} onClick={() => zoom(1 / 1.5)}>
          <Icon name="minus" />
        </button>
        <button class="icon-button" type="button" aria-label={t("map.whole")} title={t("map.whole")} onClick={whole}>
          <Icon name="whole" />
        </button>
      </div>
    </div>
  );
}

function limits(ctx: CanvasRenderingContext2D, ring: readonly XY[], colour: string, outside: string, px: number): void {
  ctx.beginPath();
  ring.forEach(([x, y], i) => (i === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y)));
  ctx.closePath();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2.5 * px;
  ctx.setLineDash([8 * px, 6 * px]);
  ctx.stroke();
  ctx.setLineDash([]);
  // Outside is dimmed.
  const big = 1e5;
  ctx.moveTo(-big, -big);
  ctx.lineTo(-big, big);
  ctx.lineTo(big, big);
  ctx.lineTo(big, -big);
  ctx.closePath();
  ctx.globalAlpha = 0.55;
  ctx.fillStyle = outside;
  ctx.fill("evenodd");
  ctx.globalAlpha = 1;
}

function mover(b: Brush, c: Camera, [x, y, heading]: Pose, tone: Mover["tone"]): void {
  const { ctx, look } = b;
  const size = Math.max(1, 5.2 / c.scale); // never smaller than a finger sees
  const fill = { mine: look.door, busy: look.route, free: look.ego, bad: look.brake }[tone];
  within(ctx, x, y, heading, () => {
    ctx.scale(size, size);
    ctx.globalAlpha = 0.25;
    ctx.fillStyle = fill;
    ctx.beginPath();
    ctx.arc(0, 0, 4, 0, 7);
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.fillStyle = fill;
    ctx.strokeStyle = tone === "free" ? look["ego-line"] : look.ego;
    ctx.lineWidth = 0.45;
    ctx.beginPath();
    ctx.roundRect(-2.5, -1.25, 4.6, 2.5, [0.5, 1.1, 1.1, 0.5]);
    ctx.fill();
    ctx.stroke();
    ctx.fillStyle = tone === "free" ? look.glass : look.ego;
    ctx.beginPath();
    ctx.moveTo(0.7, -0.85);
    ctx.quadraticCurveTo(1.6, 0, 0.7, 0.85);
    ctx.lineTo(0.25, 0.7);
    ctx.lineTo(0.25, -0.7);
    ctx.fill();
  });
}
