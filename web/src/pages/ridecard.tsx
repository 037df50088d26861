// The card of a ride, to keep or to share: its way, how far, how long. It names no person.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useFetched } from "../app/fetched.ts";
import { get } from "../app/http.ts";
import { link } from "../app/router.ts";
import { prefs, t } from "../app/words.ts";
import { type Card, fetchArea, nameOf, type Ride, ridePath } from "../road/area.ts";
import { useSheet } from "../road/cabin.tsx";
import { fit, matrix } from "../road/camera.ts";
import { calm } from "../road/canvas.tsx";
import { lookOf } from "../road/look.ts";
import { drawRoute, type Sheet } from "../road/paint.ts";
import { far, lasts, mass } from "../road/say.ts";
import { Icon } from "../ui/icon.tsx";
import { say } from "../ui/say.tsx";
import { Title } from "../ui/title.tsx";
import { boxAround, NoArea } from "./ride.tsx";

const size = { width: 1200, height: 630 };

interface Words {
  from: string;
  to: string;
  area: string;
  figures: [value: string, name: string][];
  rtl: boolean;
}

export function RideCard({ id }: { id: string }) {
  const { data: ride, wrong } = useFetched((s) => get<Ride>(ridePath(id), { signal: s }), [id], 10_000);
  const { data: area } = useFetched((s) => fetchArea(s), []);
  const sheet = useSheet();
  const canvas = useRef<HTMLCanvasElement>(null);
  const said = useSignal("");
  const r = ride.value;
  const card = r?.card;
  const stops = area.value?.area.stops ?? [];
  const words: Words | undefined = r && card ? {
      from: nameOf(r.from, stops),
      to: nameOf(r.to, stops),
      area: area.value?.area.name ?? "",
      figures: figuresOf(card),
      rtl: prefs.value.lang === "ar",
    } : undefined;
  const key = JSON.stringify(words) + prefs.value.theme + prefs.value.lang + String(sheet !== undefined) + calm.value;
  useEffect(() => {
    const el = canvas.current;
    if (el && card && words) paintCard(el, card, words, sheet);
  }, [key]);
  if (wrong.value && !r) return <NoArea wrong={wrong.value} />;
  const title = t("ride.card.title");
  const file = async (): Promise<File | undefined> => {
    const blob = await new Promise<Blob | null>((done) => canvas.current?.toBlob(done, "image/png"));
    return blob ? new File([blob], "hutong-ride.png", { type: "image/png" }) : undefined;
  };
  const share = async () => {
    const picture = await file();
    const text = words ? `${words.from} → ${words.to}: ${words.figures.map(([v]) => v).join(", ")}` : title;
    try {
      if (picture && navigator.canShare?.({ files: [picture] })) return await navigator.share({ files: [picture], text });
      if (navigator.share) return await navigator.share({ url: location.href, text });
      await navigator.clipboard.writeText(location.href);
      said.value = t("card.copied");
    } catch (e) {
      if (e instanceof DOMException && e.name === "AbortError") return; // they thought better of it
      said.value = t("card.unshared");
    }
    say(said.value);
  };
  const save = async () => {
    const picture = await file();
    if (!picture) return;
    const a = document.createElement("a");
    a.href = URL.createObjectURL(picture);
    a.download = picture.name;
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
  };
  return (
    <>
      <Title text={title} />
      <div class="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        <p class="lede">{r && !card ? t("card.later") : t("card.lede")}</p>
      </div>
      {words && (
        <figure class="ride-card">
          <canvas ref={canvas} {...size} role="img" aria-label={t("card.picture", { from: words.from, to: words.to, figures: words.figures.map(([v, n]) => `${n} ${v}`).join(", ") })} />
          <figcaption class="buttons">
            <button class="button button-main" type="button" onClick={() => void share()}>
              <Icon name="share" />
              {t("card.share")}
            </button>
            <button class="button" type="button" onClick={() => void save()}>
              <Icon name="download" />
              {t("card.save")}
            </button>
            <a class="button" href={link("ride", id)}>
              {t("card.back")}
            </a>
          </figcaption>
        </figure>
      )}
      {said.value && <p class="note note-good">{said.value}</p>}
    </>
  );
}

function figuresOf(c: Card): [string, string][] {
  const list: [string, string][] = [
    [far(c.metres), t("card.way")],
    [lasts(c.seconds), t("card.time")],
  ];
  if (c.co2Saved !== undefined && c.co2Saved > 0) list.push([mass(c.co2Saved), t("card.co2")]);
  return list;
}

function paintCard(el: HTMLCanvasElement, card: Card, words: Words, sheet: Sheet | undefined): void {
  const ctx = el.getContext("2d");
  if (!ctx) return;
  const look = lookOf(el.parentElement ?? el);
  const { width, height } = size;
  const band = 190;
  const picture = height - band;
  const camera = fit(boxAround(card.path, 30), width, picture, 60);
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, 0, width, picture);
  ctx.clip();
  if (sheet) sheet.draw(ctx, camera, width, picture, 1, look);
  else {
    ctx.fillStyle = look.ground;
    ctx.fillRect(0, 0, width, picture);
  }
  ctx.setTransform(...matrix(camera, 1));
  if (card.path.length > 1) {
    drawRoute(ctx, card.path, Math.max(1.6, 9 / camera.scale), look);
    for (const [p, colour] of [[card.path[0]!, look.fast], [card.path.at(-1)!, look.door]] as const) {
      ctx.fillStyle = look.plate;
      disc(ctx, p[0], p[1], 17 / camera.scale);
      ctx.fillStyle = colour;
      disc(ctx, p[0], p[1], 12 / camera.scale);
    }
  }
  ctx.restore();
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.fillStyle = look.plate;
  ctx.fillRect(0, picture, width, band);
  ctx.fillStyle = look.door;
  ctx.fillRect(0, picture, width, 6);
  ctx.direction = words.rtl ? "rtl" : "ltr";
  const start = words.rtl ? width - 48 : 48;
  const toward = words.rtl ? -1 : 1;
  ctx.textAlign = "start";
  ctx.textBaseline = "alphabetic";
  ctx.fillStyle = look.ink;
  const arrow = words.rtl ? " ← " : " → ";
  ctx.font = `700 38px ${look.font}`;
  ctx.fillText(words.from + arrow + words.to, start, picture + 68, width - 330);
  let x = start;
  for (const [value, name] of words.figures) {
    ctx.fillStyle = look.ink;
    ctx.font = `700 40px ${look.font}`;
    ctx.fillText(value, x, picture + 130);
    const wide = ctx.measureText(value).width;
    ctx.globalAlpha = 0.75;
    ctx.font = `400 22px ${look.font}`;
    ctx.fillText(name, x, picture + 162);
    const both = Math.max(wide, ctx.measureText(name).width);
    ctx.globalAlpha = 1;
    x += toward * (both + 56);
  }
  ctx.textAlign = "end";
  const end = words.rtl ? 48 : width - 48;
  ctx.font = `700 34px ${look.font}`;
  ctx.fillText("Hutong", end, picture + 68);
  ctx.font = `400 22px ${look.font}`;
  ctx.fillText(words.area, end, picture + 102, 300);
  ctx.fillText(t("card.simulated"), end, picture + 162, 320);
}

function disc(ctx: CanvasRenderingContext2D, x: number, y: number, r: number): void {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 7);
  ctx.fill();
}
