// A list of which only what is on the screen exists, so that ten thousand rows scroll like ten.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

interface Props<T> {
  items: readonly T[];
  label: string;
  rem: number; // height of a row in rem; every row is as high
  row: (item: T) => ComponentChildren;
  id: (item: T) => string;
}

const spare = 8; // rows drawn beyond each edge of the screen

export function Windowed<T>({ items, label, rem, row, id }: Props<T>) {
  const box = useRef<HTMLUListElement>(null);
  const view = useSignal({ first: 0, last: 40, height: 56 });
  const look = () => {
    const el = box.current;
    if (!el) return;
    const height = rem * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const top = -el.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(top / height) - spare);
    const last = Math.ceil((top + innerHeight) / height) + spare;
    const v = view.peek();
    if (v.first !== first || v.last !== last || v.height !== height) view.value = { first, last, height };
  };
  useLayoutEffect(look, [items]);
  useEffect(() => {
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, []);
  const { first, last, height } = view.value;
  const from = Math.min(first, Math.max(0, items.length - 1));
  const to = Math.min(items.length, Math.max(last, from + 1));
  return (
    <ul ref={box} class="window" aria-label={label} style={{ blockSize: items.length * height + "px" }}>
      {items.slice(from, to).map((item, i) => (
        <li
          key={id(item)}
          class="window-row"
          aria-setsize={items.length}
          aria-posinset={from + i + 1}
          style={{ insetBlockStart: (from + i) * height + "px", blockSize: height + "px" }}
        >
          {row(item)}
        </li>
      ))}
    </ul>
  );
}
