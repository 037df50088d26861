// Nothing is connected yet: how to begin.
import { Title } from "../ui/title.tsx";
import { t } from "../app/words.ts";
import { Icon } from "../ui/icon.tsx";

export function First() {
  const host = location.hostname || "127.0.0.1";
  return (
    <>
      <Title text={t("first.title")} />
      <div class="page-head">
        <h1 tabIndex={-1}>{t("first.title")}</h1>
        <p class="lede">{t("first.lede")}</p>
      </div>
      <ol class="steps">
        <li>
          <h2>{t("first.1.title")}</h2>
          <p>{t("first.1.text")}</p>
          <pre role="group" dir="ltr" tabIndex={0} aria-label={t("first.1.title")}>hutong token create my-devices --role user</pre>
        </li>
        <li>
          <h2>{t("first.2.title")}</h2>
          <p>{t("first.2.text")}</p>
          <pre role="group" dir="ltr" tabIndex={0} aria-label={t("first.2.title")}>
            {`mqtt:\n  server: mqtt://${host}:1883\n  user: my-devices\n  password: htg_...\nhomeassistant:\n  enabled: true`}
          </pre>
        </li>
        <li>
          <h2>{t("first.3.title")}</h2>
          <p>{t("first.3.text")}</p>
          <pre role="group" dir="ltr" tabIndex={0} aria-label={t("first.3.title")}>
            {`mosquitto_pub -h ${host} -u my-devices -P htg_... -r \\\n  -t homeassistant/switch/kettle/config \\\n  -m '{"name":"Kettle","unique_id":"kettle","command_topic":"kettle/set","state_topic":"kettle"}'`}
          </pre>
        </li>
      </ol>
      <p class="soft first-demo">
        <Icon name="simulated" /> {t("first.demo")} <code dir="ltr">hutong demo</code>
      </p>
    </>
  );
}
