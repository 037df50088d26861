// The cabin view: what the vehicle sees and means to do, from above, as it happens.
import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t, tr } from "../app/words.ts";
import { Icon } from "../ui/icon.tsx";
import { cabinPath, fetchMap, follow, type XY } from "./area.ts";
import { type Brush, calm, Canvas } from "./canvas.tsx";
import { type Frame, Player, readFrame } from "./frame.ts";
import { groundOf } from "./ground.ts";
import { Sheet } from "./paint.ts";
import { bearing, kmh, lasts, otherText, reasonText, summary, turnText, whoOf } from "./say.ts";
import { drawScene, Follower } from "./scene.ts";

const sheet = signal<Sheet | undefined>(undefined);
let loading: Promise<void> | undefined;

/** The area's ground, ready to be drawn; undefined until the map has come. */
export function useSheet(): Sheet | undefined {
  useEffect(() => {
    loading ??= fetchMap().then(
      (m) => void (sheet.value = new Sheet(groundOf(m))),
      () => (loading = undefined), // without it only what moves is drawn; the next who asks tries again
    );
  }, []);
  return sheet.value;
}

const old = 1; // s without a frame after which a picture is called old
const pace = 8_000; // ms between two things said aloud

interface Hud {
  speed: number; // km/h
  limit: number; // km/h, 0: unknown
  reason: string;
  turn: string;
  next: string;
  mode: string;
  age: number; // s since the last frame, 0 while it is fresh
  vetoed: number;
}

interface Of {
  vehicle: string;
  ride?: string; // the ride that lets one look
  route?: readonly XY[];
  /** Takes each frame's newest state a few times a second, for those who show more of it. */
  watch?: (f: Frame) => void;
}

export function Cabin({ vehicle, ride = "", route = [], watch }: Of) {
  const ground = useSheet();
  const player = useRef(new Player());
  const follower = useRef(new Follower());
  const foot = useRef<HTMLDivElement>(null);
  const hud = useSignal<Hud | undefined>(undefined);
  const newest = useSignal<Frame | undefined>(undefined);
  const refused = useSignal(false);
  const headingUp = useSignal<boolean | undefined>(undefined);
  const zoom = useSignal(1);
  const up = headingUp.value ?? !calm.value;
  useEffect(() => {
    player.current = new Player();
    follower.current = new Follower();
    refused.value = false;
    return follow(cabinPath(vehicle, ride), 15_000, {
      take: (text) => {
        const f = readFrame(text);
        if (f) player.current.push(f, performance.now());
        return false;
      },
      refused: () => (refused.value = true),
    });
  }, [vehicle, ride]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      const f = player.current.newest;
      const age = player.current.age(performance.now());
      const next = f && hudOf(f, age);
      if (next && JSON.stringify(next) !== JSON.stringify(hud.peek())) hud.value = next;
      if (f && f !== newest.peek()) {
        newest.value = f;
        watch?.(f);
      }
    }, 250);
    return () => clearInterval(timer);
  }, [watch]);
  const draw = (b: Brush): number => {
    const f = player.current.at(b.now);
    if (!f) {
      blank(b);
      return 200;
    }
    const still = calm.value;
    const c = follower.current.at(f, b.now, b.width, b.height, up, !still, zoom.value, (foot.current?.offsetHeight ?? 0) + 8);
    drawScene({ ...b, sheet: ground }, c, f, route);
    return still ? 400 : 0;
  };
  const h = hud.value;
  const gone = refused.value || !h;
  return (
    <section class="cabin" aria-label={t("cabin.title")} data-mode={h?.mode} data-stale={h !== undefined && h.age > 0}>
      <div class="cabin-picture">
        <Canvas class="cabin-canvas" role="img" aria-label={t("cabin.picture")} draw={draw} />
        {h?.next && h.age === 0 && (
          <p class="cabin-next">
            <Icon name={h.turn === "left" ? "turnLeft" : h.turn === "right" ? "turnRight" : h.turn === "back" ? "turnBack" : "ahead"} />
            <span>{h.next}</span>
          </p>
        )}
        <div class="cabin-tools">
          <button class="icon-button" type="button" aria-pressed={!up} aria-label={t("cabin.north")} title={t("cabin.north")} onClick={() => (headingUp.value = !up)}>
            <Icon name="compass" />
          </button>
          <button class="icon-button" type="button" aria-label={t("map.closer")} title={t("map.closer")} onClick={() => (zoom.value = Math.min(2.6, zoom.value * 1.3))}>
            <Icon name="plus" />
          </button>
          <button class="icon-button" type="button" aria-label={t("map.further")} title={t("map.further")} onClick={() => (zoom.value = Math.max(0.35, zoom.value / 1.3))}>
            <Icon name="minus" />
          </button>
        </div>
        {gone && <p class="cabin-veil">{t(refused.value ? "cabin.none" : "cabin.waiting")}</p>}
        {h !== undefined && h.age > 0 && (
          <p class="cabin-veil cabin-old" role="status">
            <Icon name="stale" />
            {t("cabin.old", { age: lasts(h.age) })}
          </p>
        )}
        {h && (
          <div class="cabin-hud" ref={foot}>
            <p class="cabin-speed">
              <bdi>
                <strong>{h.speed}</strong> <span class="unit">km/h</span>
              </bdi>
              {h.limit > 0 && (
                <span class="limit-sign">
                  <span class="unseen">{t("cabin.limit", { speed: kmh(h.limit) })}</span>
                  <span aria-hidden="true">{h.limit}</span>
                </span>
              )}
            </p>
            <div class="cabin-why">
              <p class="cabin-reason">
                <bdi>{h.reason || tr("mode", h.mode, h.mode)}</bdi>
              </p>
              <p class="cabin-mode">
                {tr("mode", h.mode, h.mode) !== h.reason && <span class={h.mode === "fail-safe" ? "tag tag-bad" : ""}>{tr("mode", h.mode, h.mode)}</span>}
                {h.vetoed > 0 && <span class="cabin-vetoed"> · {t("cabin.vetoed", { n: h.vetoed })}</span>}
              </p>
            </div>
          </div>
        )}
      </div>
      {h?.mode === "fail-safe" && (
        <p class="note note-bad" role="alert">
          {t("cabin.failsafe")}
        </p>
      )}
      <Aloud frame={newest.value} fresh={h?.age === 0} />
      <AsText frame={newest.value} />
    </section>
  );
}

function hudOf(f: Frame, age: number): Hud {
  return {
    speed: Math.max(0, Math.round(f.ego.speed * 3.6)),
    limit: Math.round(f.limit * 3.6),
    reason: reasonText(f.reason.code, f.reason.words, whoOf(f)),
    turn: f.next?.turn ?? "",
    next: f.next && f.next.turn !== "straight" && f.next.metres < 400 ? turnText(f.next.turn, f.next.metres) : "",
    mode: f.mode,
    age: age < old ? 0 : Math.floor(age),
    vetoed: f.vetoed,
  };
}

function blank({ ctx, width, height, ratio, look }: Brush): void {
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.fillStyle = look.ground;
  ctx.fillRect(0, 0, width * ratio, height * ratio);
}

/** Says the picture to a screen reader, when it has changed and not more often than one can listen. */
function Aloud({ frame, fresh }: { frame: Frame | undefined; fresh: boolean }) {
  const text = useSignal("");
  const last = useRef({ at: -Infinity, reason: "", mode: "" });
  useEffect(() => {
    if (!frame || !fresh) return;
    const { code, subject } = frame.reason;
    const key = code + subject;
    const now = performance.now();
    const urgent = frame.mode !== last.current.mode;
    if (key === last.current.reason && !urgent) return;
    if (!urgent && now - last.current.at < pace) return;
    last.current = { at: now, reason: key, mode: frame.mode };
    text.value = summary(frame);
  }, [frame, fresh]);
  return (
    <p class="unseen" aria-live="polite" aria-atomic="true">
      {text.value}
    </p>
  );
}

/** The same as text: who is around, and what the lights show. */
function AsText({ frame }: { frame: Frame | undefined }) {
  const open = useSignal(false);
  const shown = useSignal<Frame | undefined>(undefined);
  const when = useRef(0);
  useEffect(() => {
    const now = performance.now();
    if (!open.value || !frame || now - when.current < 2_000) return;
    when.current = now;
    shown.value = frame;
  }, [frame, open.value]);
  const f = shown.value;
  const near = f ? [...f.objects].sort((a, b) => gap(f, a) - gap(f, b)).slice(0, 10) : [];
  const light = f?.lights.find((l) => l.signal === f.reason.signal) ?? f?.lights[0];
  return (
    <details class="cabin-text" onToggle={(e) => (open.value = e.currentTarget.open)}>
      <summary>{t("cabin.text")}</summary>
      {f && (
        <>
          <p>{summary(f)}</p>
          {light && (
            <p>
              {light.left >= 0
                ? t("cabin.light", { colour: tr("light", light.colour, light.colour), left: lasts(light.left) })
                : tr("light", light.colour, light.colour)}
            </p>
          )}
          {near.length === 0 ? (
            <p>{t("cabin.nobody")}</p>
          ) : (
            <ul class="cabin-list">
              {near.map((o) => (
                <li key={o.id} data-bearing={bearing(f, o)}>
                  {otherText(f, o)}
                </li>
              ))}
            </ul>
          )}
          {f.objects.length > near.length && <p class="soft">{t("cabin.more", { n: f.objects.length - near.length })}</p>}
        </>
      )}
    </details>
  );
}

const gap = (f: Frame, o: { x: number; y: number }): number => Math.hypot(o.x - f.ego.x, o.y - f.ego.y);
