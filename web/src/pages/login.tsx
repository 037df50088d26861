// The hub wants to know who is asking.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { Problem, signIn } from "../app/http.ts";
import { startOver } from "../app/hub.ts";
import { t } from "../app/words.ts";
import { Brand } from "../ui/brand.tsx";
import { problemText } from "../ui/problem.ts";
import { Title } from "../ui/title.tsx";

export function Login() {
  const wrong = useSignal("");
  const busy = useSignal(false);
  const id = useId();
  const note = useId();
  return (
    <main class="gate" id="main">
      <Title text={t("login.title")} />
      <form
        class="gate-box"
        onSubmit={async (e) => {
          e.preventDefault();
          if (busy.value) return;
          const field = e.currentTarget.elements.namedItem("token") as HTMLInputElement;
          busy.value = true;
          wrong.value = "";
          try {
            await signIn(field.value.trim());
            startOver();
          } catch (p) {
            wrong.value = p instanceof Problem && (p.status === 401 || p.status === 403 || p.status === 400) ? t("login.wrong") : problemText(p instanceof Problem ? p : undefined);
            field.focus();
          } finally {
            busy.value = false;
          }
        }}
      >
        <Brand />
        <h1 tabIndex={-1}>{t("login.title")}</h1>
        <p class="soft">{t("login.text")}</p>
        <label for={id}>{t("login.token")}</label>
        <input
          id={id}
          name="token"
          class="field"
          type="password"
          autocomplete="current-password"
          required
          dir="ltr"
          placeholder="htg_…"
          aria-invalid={wrong.value !== ""}
          aria-describedby={wrong.value ? note : undefined}
        />
        {wrong.value && (
          <p id={note} class="note note-bad" role="alert">
            {wrong.value}
          </p>
        )}
        <button class="button button-main" type="submit" aria-busy={busy.value}>
          {t("login.go")}
        </button>
        <p class="soft">
          {t("login.how")} <code dir="ltr">hutong token create me --role admin</code>
        </p>
      </form>
    </main>
  );
}
