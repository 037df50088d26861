// Notices: what rules wanted people to know.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { now } from "../app/clock.ts";
import { fetchNotices, line, notices } from "../app/hub.ts";
import { link } from "../app/router.ts";
import { age, fullMoment, t } from "../app/words.ts";
import { Icon } from "../ui/icon.tsx";
import { Title } from "../ui/title.tsx";

const key = "hutong.seen";

function kept(): number {
  try {
    return Number(localStorage.getItem(key) ?? 0) || 0;
  } catch {
    return 0;
  }
}

/** When the newest notice that was on the screen of this browser came, milliseconds since 1970. */
export const seenNotice = signal(kept());

export function Notices() {
  const list = notices.value;
  useEffect(fetchNotices, [line.value]);
  useEffect(() => {
    const newest = Math.max(0, ...list.map((n) => Date.parse(n.time) || 0));
    if (newest <= seenNotice.peek()) return;
    const timer = setTimeout(() => {
      seenNotice.value = newest;
      try {
        localStorage.setItem(key, String(newest));
      } catch {
        // Seen for as long as this page is open.
      }
    }, 1_000);
    return () => clearTimeout(timer);
  }, [list]);
  return (
    <>
      <Title text={t("nav.notices")} />
      <div class="page-head">
        <h1 tabIndex={-1}>{t("nav.notices")}</h1>
        <p class="lede">{t("notices.lede")}</p>
      </div>
      {list.length === 0 ? (
        <div class="empty">
          <Icon name="bell" />
          <p>{t("notices.none")}</p>
        </div>
      ) : (
        <ul class="notice-list">
          {list.map((n) => (
            <li key={n.id} class="panel notice" data-level={n.level}>
              <Icon name={n.level === "alarm" || n.level === "error" ? "alarm" : n.level === "warning" || n.level === "warn" ? "bad" : "about"} />
              <div>
                <h2>
                  <bdi>{n.title}</bdi>
                </h2>
                {n.text && (
                  <p>
                    <bdi>{n.text}</bdi>
                  </p>
                )}
                <p class="soft">
                  <time dateTime={n.time} title={fullMoment(Date.parse(n.time))}>
                    {age(Date.parse(n.time), now.value)}
                  </time>
                  {n.cause && (
                    <>
                      {" · "}
                      <a href={link("trace", n.cause)}>
                        {t("why.link")}
                        <span class="unseen"> {n.title}</span>
                      </a>
                    </>
                  )}
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
