// The reading pane: an article's lines, with its passages in their place.
const reader = byId("reader"), tip = byId("tip"), toolbar = byId("toolbar");
const PART = 400;
let open = null;  // {n, text, marks, labels, lines: [start, end, element], at: [start, end] or null}

async function show(n, {focus = false} = {}) {
  const found = await detail(n).catch(() => ({text: null, marks: [], why: say("unreadable")}));
  open = {n, ...found, labels: labelsOf(n, found.marks), lines: [], at: null};
  reader.replaceChildren(...head(n, found.why));
  reader.scrollTop = 0;
  hideTip();
  if (n in data.keepers) await beside(n);
  else if (n in data.strangers) reader.append(make("p", {class: "note"}, say("stranger", plain(data.strangers[n]))));
  if (open.n !== n) return;
  if (found.text === null) {
    reader.append(make("p", {class: "note"}, say(found.why ? "noTextAll" : "noText")));
    for (const mark of found.marks) reader.append(excerpt(mark));
  } else if (!(n in data.keepers)) body(found.text);
  drawToolbar();
  document.body.classList.add("reading");
  current(n);
  if (focus) reader.focus({preventScroll: true});
}

function head(n, why) {
  const facts = [say(statusOf(n)), say("characters", count(data.size[n]))];
  if (siteOf(n)) facts.push(plain(siteOf(n)));
  if (passagesOf(n)) facts.push(`${say("removed")} ${say("passages", count(passagesOf(n)))}, ${percent(removedOf(n) / Math.max(data.size[n], 1))}`);
  if (data.uncertainty[n] >= 0.05) facts.push(say("uncertain", data.uncertainty[n].toFixed(1)));
  return [
    make("button", {id: "back", type: "button", on: {click: () => document.body.classList.remove("reading")}}, `‹ ${say("back")}`),
    make("h2", {}, plain(data.titles[n]) || say("untitled")),
    make("p", {class: "path"}, plain(data.names[n])),
    make("p", {class: "facts"}, ...facts.map(fact => make("span", {}, fact))),
    why ? make("p", {class: "note"}, plain(why)) : null,
    data.unsought.length ? make("p", {class: "note"}, say("unselected", data.unsought.map(kind => say(kind)).join(language === "zh" ? "、" : ", "))) : null,
  ].filter(Boolean);
}
function excerpt(mark) {
  return make("blockquote", {class: `whole ${mark.kind}`}, make("b", {class: "chip"}, `${say(mark.kind)} ${graded(mark.score)}`), ` ${mark.text.replace(HIDDEN_ALL, codeOf)}`);
}

/** The text, line by line; a long one comes in parts, so that its beginning is there at once. */
function body(text) {
  const holder = make("div", {id: "text", lang: "zh"});
  reader.append(holder);
  let start = 0;
  for (const found of text.matchAll(/\r\n|\n|\r|$/g)) {
    open.lines.push([start, found.index, null]);
    start = found.index + found[0].length;
    if (!found[0]) break;
  }
  dress(text);
  const mine = open;
  const more = from => {
    if (open !== mine) return;
    const part = document.createDocumentFragment();
    for (let i = from; i < Math.min(from + PART, mine.lines.length); i++) part.append(mine.lines[i][2] ??= line(i));
    holder.append(part);
    if (from + PART < mine.lines.length) requestAnimationFrame(() => more(from + PART));
  };
  more(0);
}

/** What lines are beside text: front matter, code. */
function dress(text) {
  let matter = /^\ufeff?---\s*\n/.test(text), fence = "";
  open.dress = open.lines.map(([start, end], i) => {
    const line = text.slice(start, end);
    if (matter) { if (i && /^---\s*$/.test(line)) matter = false; return "matter"; }
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
    if (fence) { if (mark.startsWith(fence) && !line.trim().slice(mark.length)) fence = ""; return "code"; }
    if (mark) { fence = mark; return "code"; }
    return /^\s{0,3}#{1,6}\s/.test(line) ? "heading" : "";
  });
}

/** What a place of the text is now: `[start, end, state, kind, mark]` for each piece of a span. */
function pieces(start, end) {
  const labels = open.labels.filter(span => span[0] < end && span[1] > start);
  const marks = open.marks.filter(mark => mark.start < end && mark.end > start);
  const edges = new Set([start, end]);
  for (const [low, high] of [...labels, ...marks.map(mark => [mark.start, mark.end])])
    for (const edge of [low, high]) if (edge > start && edge < end) edges.add(edge);
  const places = [...edges].sort((one, other) => one - other), found = [];
  for (let i = 0; i + 1 < places.length; i++) {
    const low = places[i], high = places[i + 1];
    const label = labels.find(span => span[0] <= low && span[1] >= high);
    const mark = marks.find(one => one.start <= low && one.end >= high);
    found.push([low, high, ...state(label, mark), mark ?? null]);
  }
  return found;
}
function state(label, mark) {
  if (label) return mark && mark.fate !== "doubtful" && mark.kind === label[2] ? [mark.fate, label[2]] : ["corrected", label[2]];
  if (!mark) return ["", ""];
  return mark.fate === "doubtful" ? ["doubtful", mark.kind] : ["restored", mark.kind];
}

function line(i) {
  const [start, end] = open.lines[i];
  const element = make("div", {class: `line ${open.dress[i]}`.trim()});
  const found = start === end ? [] : pieces(start, end);
  const only = found.length === 1 ? found[0] : between(i);
  if (only && only[2]) element.classList.add("whole", only[2], only[3]);
  for (const [low, high, state, kind, mark] of found) {
    if (!state) { write(element, low, high, null); continue; }
    const span = make("mark", {class: `${state} ${kind}`});
    span.place = [low, high];
    span.told = {state, kind, mark};
    if (beginning(low, state)) span.dataset.chip = chip(state, kind, mark);
    write(span, low, high, mark);
    element.append(span);
  }
  return element;
}
/** The state of an empty line within a passage. */
function between(i) {
  const [start, end] = open.lines[i];
  if (open.text.slice(start, end).trim() || !start) return null;
  const label = open.labels.find(span => span[0] < start && span[1] > end);
  const mark = open.marks.find(one => one.start < start && one.end > end);
  const [found, kind] = state(label, mark);
  return found ? [start, end, found, kind] : null;
}
function beginning(place, state) {
  if (state === "restored" || state === "doubtful") return open.marks.some(mark => mark.start === place);
  return open.labels.some(span => span[0] === place);
}
function chip(state, kind, mark) {
  if (state === "corrected") return `✎ ${say(kind)}`;
  if (state === "restored") return `✎ ${say("content")}`;
  const name = state === "removed" ? say(kind) : `${say(kind)} · ${say(state)}`;
  return `${state === "doubtful" ? `${say(kind)}?` : name} ${graded(mark.score)}`;
}

/** Appends a piece of the text: links dim, hidden characters by their number, telling words marked. */
function write(parent, start, end, mark) {
  const text = open.text.slice(start, end), places = mark && mark.reasons.length ? telling(text, mark.reasons) : [];
  const pattern = new RegExp(`${HIDDEN.source}|\\b(?:https?|ftp|data|javascript):[^\\s<>"'()）】」]{24,}`, "gu");
  let place = 0;
  const plainly = upto => {
    for (const [low, high, tells] of cut(place, upto, places)) parent.append(leaf(text.slice(low, high), start + low, tells ? "tells" : ""));
    place = upto;
  };
  for (const found of text.matchAll(pattern)) {
    plainly(found.index);
    const hidden = HIDDEN.test(found[0]) && found[0].length <= 2;
    const element = hidden ? leaf(codeOf(found[0]), start + found.index, "hidden") : leaf(found[0], start + found.index, "address");
    element.fixed = hidden ? found[0].length : 0;
    parent.append(element);
    place = found.index + found[0].length;
  }
  plainly(text.length);
}
function leaf(text, start, name) {
  const element = make("span", name ? {class: name} : {}, text.replace(HIDDEN_ALL, codeOf));
  element.start = start;
  return element;
}
function cut(start, end, places) {
  const found = [];
  for (const [low, high] of places) {
    if (high <= start || low >= end) continue;
    if (low > start) found.push([start, low, false]);
    found.push([Math.max(low, start), Math.min(high, end), true]);
    start = Math.min(high, end);
  }
  if (start < end) found.push([start, end, false]);
  return found;
}
/** Where the reasons, which are folded, stand in a text. */
function telling(text, reasons) {
  let folded = "";
  for (const unit of text) {
    const one = unit.normalize("NFKC").toLowerCase();
    folded += one.length === unit.length ? one.replace(/\d/, "0") : unit;
  }
  const found = [];
  for (const reason of reasons)
    for (let at = folded.indexOf(reason); at >= 0; at = folded.indexOf(reason, at + 1)) found.push([at, at + reason.length]);
  found.sort((one, other) => one[0] - other[0]);
  const merged = [];
  for (const [low, high] of found)
    if (merged.length && low <= merged.at(-1)[1]) merged.at(-1)[1] = Math.max(high, merged.at(-1)[1]); else merged.push([low, high]);
  return merged;
}

/** A copy and the article that stands for it, side by side; lines that only one has are marked. */
async function beside(n) {
  const keeper = data.keepers[n], other = await detail(keeper).catch(() => ({text: null}));
  if (open.n !== n) return;
  const [reason, jaccard, containment] = data.likeness[n] ?? ["exact", 1, 1];
  reader.append(
    make("p", {class: "note"}, `${say("copyOf")} `, make("button", {type: "button", class: "link", on: {click: () => show(keeper, {focus: true})}}, plain(data.names[keeper])),
      make("br"), say("likeness", say(reason), jaccard.toFixed(3), containment.toFixed(3))));
  const columns = make("div", {class: "columns", lang: "zh"});
  const texts = [open.text ?? "", other.text ?? ""];
  const known = texts.map(text => new Set(text.split(/\r\n|\n|\r/).map(alike)));
  texts.forEach((text, side) => {
    const column = make("div", {}, make("h3", {}, say(side ? "keeper" : "copy")));
    for (const one of text.split(/\r\n|\n|\r/).slice(0, 4000)) {
      const own = alike(one) && !known[1 - side].has(alike(one));
      column.append(make("div", {class: own ? "line own" : "line"}, one.replace(HIDDEN_ALL, codeOf)));
    }
    columns.append(column);
  });
  reader.append(columns);
}
const alike = text => text.normalize("NFKC").replace(/[\s\p{P}]/gu, "").toLowerCase();

/** What a mark says of itself, beside the pointer or the focus. */
function showTip(element) {
  const {state, kind, mark} = element.told;
  const name = state === "restored" ? say("restored") : state === "corrected" ? say("corrected") : say(state);
  tip.replaceChildren(make("b", {class: kind}, say(kind)), ` · ${name}`);
  if (mark) {
    tip.append(make("div", {}, `${say("score")} ${mark.score.toFixed(3)}`));
    if (mark.reasons.length) tip.append(make("div", {}, `${say("reasons")} `, ...mark.reasons.map(reason => make("q", {}, plain(reason)))));
  }
  tip.hidden = false;
  const box = element.getBoundingClientRect(), width = tip.offsetWidth, height = tip.offsetHeight;
  tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
  tip.style.top = `${box.top - height - 8 > 0 ? box.top - height - 8 : Math.min(box.bottom + 8, innerHeight - height - 8)}px`;
}
function hideTip() { tip.hidden = true; }
