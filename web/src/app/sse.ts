// Server-sent events over fetch: unlike EventSource it can send a token, and says when the line is quiet.

export interface Message {
  id: string;
  event: string;
  data: string;
}

/** Cuts a text/event-stream (HTML Living Standard section 9.2.6) into messages as it comes in pieces. */
export class Cutter {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #id = "";

  /** The messages that piece completes. */
  push(piece: string): Message[] {
    const out: Message[] = [];
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length > 0) {
          out.push({ id: this.#id, event: this.#event || "message", data: this.#data.join("\n") });
        }
        this.#event = "";
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") this.#data.push(value);
      else if (field === "event") this.#event = value;
      else if (field === "id") this.#id = value;
    }
    return out;
  }
}

/**
 * Reads one stream until it ends, breaks, is aborted, or has been quiet for quiet milliseconds (a hub that is there
 * sends a comment more often than that). Resolves when the stream ended, throws when it could not be had.
 */
export async function listen(
  url: URL,
  headers: Record<string, string>,
  quiet: number,
  signal: AbortSignal,
  take: (list: Message[]) => void,
): Promise<void> {
  const own = new AbortController();
  const stop = () => own.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, quiet);
  try {
    const answer = await fetch(url, {
      headers: { Accept: "text/event-stream", ...headers },
      cache: "no-store",
      signal: own.signal,
    });
    if (!answer.ok || !answer.body) throw new StreamRefused(answer.status);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const cutter = new Cutter();
    take([]);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(stop, quiet);
      take(cutter.push(value));
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    own.abort();
  }
}

export class StreamRefused extends Error {
  constructor(readonly status: number) {
    super("stream refused: " + status);
  }
}
