/** YAML text with its keys and remarks set apart. */
export function Yaml({ text, label }: { text: string; label: string }) {
  return (
    <pre class="yaml" dir="ltr" tabIndex={0} aria-label={label}>
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
