import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Draws its children once they come near the screen; until then it holds about as much room as they will need. */
export function Lazy({ height, children }: { height: number; children: () => ComponentChildren }) {
  const near = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const el = box.current;
    if (!el || near.value) return;
    const watch = new IntersectionObserver(
      (list) => {
        if (!list.some((e) => e.isIntersecting)) return;
        near.value = true;
        watch.disconnect();
      },
      { rootMargin: "800px" },
    );
    watch.observe(el);
    return () => watch.disconnect();
  }, []);
  if (near.value) return <>{children()}</>;
  return <div ref={box} style={{ minBlockSize: height + "px" }} />;
}
