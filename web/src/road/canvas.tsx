// A canvas that keeps its size, its sharpness and its colours right, and is drawn only while somebody can see it.
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { prefs } from "../app/words.ts";
import { type Look, lookOf } from "./look.ts";

export interface Brush {
  ctx: CanvasRenderingContext2D;
  width: number; // CSS pixels
  height: number;
  ratio: number;
  look: Look;
  now: number; // ms, a steady clock
}

const quiet = matchMedia("(prefers-reduced-motion: reduce)");
/** Whether this person wants no movement that isn't needed. */
export const calm = signal(quiet.matches);
quiet.addEventListener("change", () => (calm.value = quiet.matches));

const dark = matchMedia("(prefers-color-scheme: dark)");
const night = signal(dark.matches);
dark.addEventListener("change", () => (night.value = dark.matches));

type Rest = Omit<JSX.IntrinsicElements["canvas"], "ref" | "draw">;

/**
 * Draws by draw, which returns after how many milliseconds it wants to be called again: 0 is the next frame of the
 * screen, Infinity is when the component is rendered anew, resized or put in other colours.
 */
export function Canvas({ draw, ...rest }: Rest & { draw: (b: Brush) => number }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  const again = useRef(() => {});
  latest.current = draw;
  const theme = prefs.value.theme + night.value;
  useEffect(() => {
    const el = ref.current;
    const ctx = el?.getContext("2d", { alpha: false });
    if (!el || !ctx) return;
    const look = lookOf(el.parentElement ?? el);
    let due = 0;
    let frame = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let near = true;
    const step = (now: number) => {
      frame = 0;
      const ratio = Math.min(2, devicePixelRatio || 1);
      const { clientWidth: width, clientHeight: height } = el;
      if (width === 0 || height === 0) return;
      if (el.width !== Math.round(width * ratio)) el.width = Math.round(width * ratio);
      if (el.height !== Math.round(height * ratio)) el.height = Math.round(height * ratio);
      plan(latest.current({ ctx, width, height, ratio, look, now }));
    };
    const plan = (wait: number) => {
      clearTimeout(timer);
      if (!near || document.hidden || frame !== 0) return;
      if (wait === 0) frame = requestAnimationFrame(step);
      else if (wait < Infinity) timer = setTimeout(() => plan(0), wait);
      due = wait;
    };
    again.current = () => plan(0);
    const size = new ResizeObserver(() => plan(0));
    size.observe(el);
    const sight = new IntersectionObserver((list) => {
      near = list.at(-1)?.isIntersecting ?? true;
      if (near) plan(0);
    });
    sight.observe(el);
    const back = () => !document.hidden && plan(Math.min(due, 0));
    document.addEventListener("visibilitychange", back);
    plan(0);
    return () => {
      size.disconnect();
      sight.disconnect();
      document.removeEventListener("visibilitychange", back);
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [theme]);
  useEffect(() => again.current());
  return <canvas ref={ref} {...rest} />;
}
