import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/frame.css";
import "./style/controls.css";
import "./style/pages.css";
import "./style/road.css";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { locked } from "./app/http.ts";
import { live } from "./app/hub.ts";
import { follow, link, route } from "./app/router.ts";
import { prefs, speak, t } from "./app/words.ts";
import { Home, Place } from "./pages/home.tsx";
import { Login } from "./pages/login.tsx";
import { Notices } from "./pages/notices.tsx";
import { Rule, Rules } from "./pages/rules.tsx";
import { Settings } from "./pages/settings.tsx";
import { ThingPage } from "./pages/thing.tsx";
import { searchByKey, Things } from "./pages/things.tsx";
import { TracePage } from "./pages/trace.tsx";
import { later } from "./ui/later.tsx";
import { Shell, Visitor } from "./ui/shell.tsx";
import { Title } from "./ui/title.tsx";

const RidePages = later(async () => (await import("./pages/ride.tsx")).RidePages);
const RoadPages = later(async () => (await import("./pages/road.tsx")).RoadPages);

function App() {
  useEffect(() => {
    document.documentElement.dataset.ready = "";
  }, []);
  // Who has the address of a ride needs no other key, and booking asks for none.
  if (locked.value && route.value.page === "ride") {
    return (
      <Visitor>
        <Page />
      </Visitor>
    );
  }
  if (locked.value) return <Login />;
  return (
    <Shell>
      <Page />
    </Shell>
  );
}

function Page() {
  const { page, args } = route.value;
  switch (page) {
    case "":
      return <Home />;
    case "place":
      return <Place key={args.join("/")} id={args.join("/")} />;
    case "things":
      return <Things />;
    case "thing":
      return <ThingPage key={args[0]} id={args[0] ?? ""} />;
    case "rules":
      return <Rules />;
    case "rule":
      return <Rule key={args[0]} id={args[0] ?? ""} />;
    case "trace":
      return <TracePage key={args[0]} id={args[0] ?? ""} />;
    case "notices":
      return <Notices />;
    case "ride":
      return <RidePages args={args} />;
    case "road":
      return <RoadPages args={args} />;
    case "settings":
      return <Settings />;
  }
  return (
    <>
      <Title text={t("lost.title")} />
      <div class="page-head">
        <h1 tabIndex={-1}>{t("lost.title")}</h1>
        <p class="lede">{t("lost.text")}</p>
        <a class="button" href={link("")}>
          {t("nav.home")}
        </a>
      </div>
    </>
  );
}

async function start(): Promise<void> {
  follow();
  searchByKey();
  void live();
  await speak(prefs.value.lang);
  const root = document.getElementById("app");
  if (root) render(<App />, root);
}

void start();
