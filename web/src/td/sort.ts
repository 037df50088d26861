// What sort of thing a TD describes, for its icon and its place on the page. A guess from words the device used:
// nothing depends on it being right.
import type { Icon } from "../ui/icon.tsx";
import { list, type TD } from "./td.ts";

const sorts: [Icon, RegExp][] = [
  ["shuttle", /shuttle|vehicle|\bbus\b|\bcar\b|taxi/],
  ["traffic", /traffic|signal.?light/],
  ["monitor", /patient|vital|heart|ecg|spo2|pulse.?ox|monitor/],
  ["syringe", /infus|syringe|implant|insulin/],
  ["bed", /\bbed\b|operating.?table|surgical.?table|treatment.?table/],
  ["stopSign", /bus.?stop|^stop$|\bstop$/],
  ["parking", /parking/],
  ["fridge", /fridge|refrigerator|freezer/],
  ["gas", /gas.?outlet|oxygen|\bgas\b/],
  ["people", /people|guest.?count|visitor.?count/],
  ["walk", /crossing|pedestrian/],
  ["antenna", /road.?side|\brsu\b|antenna|gateway|router/],
  ["snow", /chiller|cooling.?plant/],
  ["elevator", /\blift\b|elevator/],
  ["charger", /charg(er|ing|e.?point)|wallbox|evse/],
  ["solar", /solar|photovolt|\bpv\b|inverter/],
  ["gate", /\bgate\b|turnstile|barrier/],
  ["desk", /\bdesk\b|kiosk|reception|badge|visitor|queue/],
  ["camera", /camera|cctv/],
  ["smoke", /smoke|fire.?alarm|\bco\b.?alarm/],
  ["leak", /leak|flood|water.?sensor/],
  ["valve", /valve|irrigation|sprinkler/],
  ["pump", /\bpump\b/],
  ["lock", /\block\b|doorlock|smart.?lock/],
  ["cover", /cover|blind|curtain|shutter|shade|awning/],
  ["air", /air.?hand|\bahu\b|ventilat|purifier|air.?quality|\bco2\b|\bvoc\b|pm2/],
  ["climate", /climate|thermostat|hvac|heater|heat.?pump|radiator|air.?cond|\btrv\b/],
  ["humidity", /humidif/],
  ["fan", /\bfan\b/],
  ["vacuum", /vacuum|mower|robot/],
  ["siren", /siren/],
  ["tv", /\btv\b|television|projector|display|screen/],
  ["speaker", /speaker|\bmedia\b/],
  ["lamp", /light|lamp|bulb|\bled\b|dimmer|chandelier/],
  ["meter", /meter|energy|power.?monitor/],
  ["plug", /plug|socket|outlet|kettle|washer|oven|dishwasher|coffee|\bboiler\b/],
  ["window", /window/],
  ["door", /\bdoor\b|contact/],
  ["motion", /motion|occupancy|presence|\bpir\b/],
  ["bell", /\bbell\b/],
  ["button", /button|remote|scene.?switch|\bknob\b|wall.?switch/],
  ["toggle", /switch|relay|on.?off/],
  ["weather", /weather|rain|wind/],
  ["flower", /soil|plant|garden|green/],
  ["room", /^room$|\boffice\b|meeting.?room/],
  ["temperature", /temperature|thermomet/],
  ["humidity", /humidity/],
  ["lux", /illuminance|\blux\b/],
  ["pressure", /pressure/],
  ["speaker", /sound|noise/],
  ["flower", /moisture/],
  ["alarm", /alarm|alert/],
];

/** The sort of a Thing, named by its icon: from its types and title, then from what it can do. */
export function sortOf(td: TD | undefined, title: string): Icon {
  const types = list(td?.["@type"]).map((c) => c.replace(/^.*[:#/]/, ""));
  const parts = [...Object.keys(td?.properties ?? {}), ...Object.keys(td?.events ?? {})];
  for (const about of [types, [title], parts]) {
    const text = about.map(loosen).join(" ");
    const found = text === "" ? undefined : sorts.find(([, words]) => words.test(text));
    if (found) return found[0];
  }
  return "device";
}

const rank = [
  ["lamp", "toggle", "climate", "air", "cover", "fan", "humidity", "plug", "charger", "tv", "speaker", "vacuum", "valve", "pump"],
  ["shuttle", "elevator", "monitor", "syringe", "bed", "desk", "traffic", "snow", "solar", "meter"],
  ["lock", "gate", "door", "window", "motion", "smoke", "leak", "camera", "siren", "alarm"],
];

/** Where a sort comes in a room: what is worked first, then what moves, what guards, what only measures. */
export function rankOf(sort: Icon): number {
  const at = rank.findIndex((list) => list.includes(sort));
  return at < 0 ? rank.length : at;
}

/** The icon of one affordance. */
export function affordanceIcon(name: string, unit: string): Icon {
  const about = loosen(name);
  if (unit === "°C" || unit === "°F") return "temperature";
  if (/batter/.test(about)) return "battery";
  for (const [icon, words] of sorts) {
    if (words.test(about)) return icon;
  }
  return "device";
}

function loosen(s: string): string {
  return s.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_:.-]+/g, " ").toLowerCase();
}

/** The icon of a court or another place. */
export function placeIcon(id: string): Icon {
  const court = id.split("/")[0] ?? "";
  return ({ home: "home", park: "park", road: "road", clinic: "monitor", visit: "visit" } as const)[court] ?? "pin";
}
