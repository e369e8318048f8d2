// Corrections: labels of whole articles, in UTF-16 units, sorted and disjoint; what none covers is content.
const corrections = new Map();
const undone = [];
const STORE = `zhengwen ${data.id}`;
let storing = true, saved = true;

try {
  for (const [n, spans] of JSON.parse(localStorage.getItem(STORE) ?? "[]")) if (n < total) corrections.set(n, spans);
  saved = !corrections.size;
} catch { storing = false; }

function remember() {
  saved = !corrections.size;
  try { localStorage.setItem(STORE, JSON.stringify([...corrections])); } catch { storing = false; }
}
addEventListener("beforeunload", event => { if (!storing && !saved) event.preventDefault(); });

/** The labels that an article came with: what was removed, and what was found and kept. */
function given(marks) {
  return marks.filter(mark => mark.fate !== "doubtful").map(mark => [mark.start, mark.end, mark.kind]);
}
function labelsOf(n, marks) { return corrections.get(n) ?? given(marks); }

/** Sets the labels of an article; `null` for those it came with. */
function correct(n, spans) {
  undone.push([n, corrections.get(n) ?? null]);
  corrections.set(n, spans);
  remember();
}
function undo() {
  const last = undone.pop();
  if (!last) return null;
  if (last[1]) corrections.set(last[0], last[1]); else corrections.delete(last[0]);
  remember();
  return last[0];
}

/** The labels with a span of one kind; white space at its ends is left out, neighbours of the kind are joined. */
function relabelled(spans, text, start, end, kind) {
  const inner = text.slice(start, end);
  start += inner.length - inner.trimStart().length;
  end = Math.max(start, end - (inner.length - inner.trimEnd().length));
  if (start === end) return spans;
  const parts = [];
  for (const [low, high, other] of spans) {
    if (low < start) parts.push(trimmed(text, low, Math.min(high, start), other));
    if (high > end) parts.push(trimmed(text, Math.max(low, end), high, other));
  }
  if (kind !== "content") parts.push([start, end, kind]);
  const sorted = parts.filter(Boolean).sort((one, other) => one[0] - other[0]);
  const joined = [];
  for (const span of sorted) {
    const last = joined.at(-1);
    const near = last && last[2] === span[2] && (span[0] === start || last[1] === end) && !text.slice(last[1], span[0]).trim();
    if (near) joined[joined.length - 1] = [last[0], span[1], span[2]]; else joined.push(span);
  }
  return joined;
}
function trimmed(text, start, end, kind) {
  const inner = text.slice(start, end);
  start += inner.length - inner.trimStart().length;
  end -= inner.length - inner.trimEnd().length;
  return start < end ? [start, end, kind] : null;
}

/** doccano's JSON Lines: whole articles, offsets in code points. */
async function exported() {
  const lines = [];
  for (const [n, spans] of [...corrections].sort((one, other) => one[0] - other[0])) {
    const {text} = await detail(n);
    if (text === null) continue;
    const points = toPoints(text);
    const label = spans.map(([start, end, kind]) => [points(start), points(end), kind]);
    lines.push(JSON.stringify({id: data.names[n], text, label, meta: {path: data.names[n]}}) + "\n");
  }
  return lines;
}
async function save() {
  if (!corrections.size) { tell(say("nothingToSave")); return; }
  const lines = await exported();
  const place = URL.createObjectURL(new Blob(lines, {type: "application/x-ndjson"}));
  make("a", {href: place, download: "corrections.jsonl"}).click();
  setTimeout(() => URL.revokeObjectURL(place), 60000);
  saved = true;
  tell(say("saved", count(lines.length)));
}
