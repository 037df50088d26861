/** YAML text with its keys and remarks set apart. */
export function Yaml({ text, label }: { text: string; label: string }) {
  return (
    <pre class="yaml" role="group" dir="ltr" tabIndex={0} aria-label={label}>
      {text
        .replace(/\n$/, "")
        .split("\n")
        .map((line, i) => (
          <span key={i} class="yaml-line">
            {paint(line)}
            {"\n"}
          </span>
        ))}
    </pre>
  );
}

/** The parts of a YAML mapping by their top-level keys, each without its key and as far left as it goes. */
export function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  let key = "";
  let lines: string[] = [];
  const end = () => {
    const body = lines.filter((l) => l.trim() !== "");
    const indent = Math.min(...body.map((l) => l.length - l.trimStart().length));
    if (key !== "") parts.set(key, body.map((l) => l.slice(indent)).join("\n"));
  };
  for (const line of text.split("\n")) {
    const m = /^([A-Za-z_][\w-]*):\s*(.*)$/.exec(line);
    if (m) {
      end();
      key = m[1] ?? "";
      lines = m[2] ? [m[2]] : [];
    } else if (!/^#/.test(line)) lines.push(line);
  }
  end();
  return parts;
}

function paint(line: string) {
  if (/^\s*#/.test(line)) return <span class="yaml-remark">{line}</span>;
  const m = /^(\s*(?:- +)?)([\w.-]+)(:)(\s.*)?$/.exec(line);
  if (!m) return line;
  return (
    <>
      {m[1]}
      <span class="yaml-key">{m[2]}</span>
      {m[3]}
      {m[4]}
    </>
  );
}
