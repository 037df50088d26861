import { useEffect } from "preact/hooks";

/** Names the page in the browser's tab and history. */
export function Title({ text }: { text: string }) {
  useEffect(() => {
    document.title = text + " – Hutong";
  }, [text]);
  return null;
}
