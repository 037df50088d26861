import type { Problem } from "../app/http.ts";
import { t } from "../app/words.ts";

/** What went wrong, in words a person can act on; the hub's own reason when it gave one. */
export function problemText(p: Problem | undefined): string {
  if (!p) return t("problem.unknown");
  const reason = p.detail || p.title;
  switch (p.status) {
    case 0:
      return t("problem.away");
    case 401:
      return t("problem.locked");
    case 403:
      return t("problem.forbidden", { reason });
    case 404:
      return t("problem.gone");
    case 502:
      return t("problem.refused", { reason });
    case 504:
      return t("problem.silent");
  }
  return t("problem.other", { reason });
}
