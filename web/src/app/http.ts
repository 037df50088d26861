// Asking the hub. Every address is relative to where the hub is mounted; who we are is a cookie the page never sees.
import { signal } from "@preact/signals";

/** A problem as the hub tells it (RFC 9457), or status 0 when the hub could not be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: { pointer?: string; parameter?: string; line?: number; column?: number; detail: string }[] = [],
  ) {
    super(detail || title);
  }
}

/** Whether the hub wants to know who is asking. */
export const locked = signal(false);

export interface Session {
  mode: "open" | "token";
  by: string | null;
  role: string | null;
}

/** Sends a request; a Problem is thrown for every answer that is not a success. */
export async function send(method: string, path: string, body?: unknown, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    answer = await fetch(new URL(path, document.baseURI), {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      ...init,
    });
  } catch (e) {
    if (e instanceof DOMException && e.name === "AbortError") throw e;
    throw new Problem(0, "", "");
  }
  if (answer.ok) return answer;
  if (answer.status === 401 && path !== "session") locked.value = true;
  throw await problem(answer);
}

/** Reads JSON from path. */
export async function get<T>(path: string, init: RequestInit = {}): Promise<T> {
  return (await send("GET", path, undefined, init)).json() as Promise<T>;
}

async function problem(answer: Response): Promise<Problem> {
  const text = await answer.text().catch(() => "");
  try {
    const p = JSON.parse(text) as { title?: string; detail?: string; errors?: Problem["errors"] };
    return new Problem(answer.status, p.title ?? answer.statusText, p.detail ?? "", p.errors ?? []);
  } catch {
    return new Problem(answer.status, answer.statusText, text.slice(0, 300));
  }
}

/** Signs in with a token, which the hub turns into a cookie. */
export async function signIn(token: string): Promise<void> {
  await send("PUT", "session", { token });
  locked.value = false;
}

export async function signOut(): Promise<void> {
  await send("DELETE", "session");
  locked.value = true;
}

/** The path of a Thing below the hub. */
export const thingPath = (id: string): string => "things/" + encodeURIComponent(id);
