// Choosing passages and labelling them, with the mouse and with the keyboard.
const LABELS = ["content", ...KINDS];

/** Where one can stop in the open article: labelled spans, and marks that are content now. */
function stops() {
  const found = open.labels.map(([start, end]) => [start, end]);
  for (const mark of open.marks)
    if (!open.labels.some(([start, end]) => start < mark.end && end > mark.start)) found.push([mark.start, mark.end]);
  return found.sort((one, other) => one[0] - other[0]);
}
function pick(at, {scroll = true} = {}) {
  if (open.at) for (const [, , element] of touched(...open.at)) element?.classList.remove("at", "first", "last");
  open.at = at;
  hideTip();
  if (!at) return;
  const lines = touched(...at);
  for (const [, , element] of lines) element?.classList.add("at");
  lines[0]?.[2]?.classList.add("first");
  lines.at(-1)?.[2]?.classList.add("last");
  if (scroll) lines[0]?.[2]?.scrollIntoView({block: "center", behavior: "instant"});
  const mark = [...(lines[0]?.[2]?.querySelectorAll("mark") ?? [])].find(one => one.place[0] < at[1] && one.place[1] > at[0]);
  if (mark && scroll) showTip(mark);
  drawToolbar();
}
const touched = (start, end) => open.lines.filter(([low, high]) => low < end && high > start);

function nextStop(by) {
  if (!open?.text || !open.lines.length) return;
  const all = stops(), from = open.at;
  if (!all.length) return;
  const found = by > 0 ? all.find(([start]) => !from || start > from[0]) : all.findLast(([start]) => from && start < from[0]);
  pick(found ?? (by > 0 ? all.at(-1) : all[0]));
}
function nextLine(by, extend) {
  if (!open?.text || !open.lines.length) return;
  const full = open.lines.filter(([start, end]) => open.text.slice(start, end).trim());
  if (!full.length) return;
  const from = open.at;
  let to = by > 0 ? full.find(([start]) => !from || start >= from[1]) : full.findLast(([, end]) => from && end <= from[0]);
  to ??= by > 0 ? full.at(-1) : full[0];
  pick(extend && from ? [Math.min(from[0], to[0]), Math.max(from[1], to[1])] : [to[0], to[1]]);
}

/** The part of the text that is selected on the page, if any. */
function selected() {
  const selection = getSelection();
  if (!open?.text || !selection || selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0), text = byId("text");
  if (!text || !text.contains(range.commonAncestorContainer)) return null;
  const found = [place(range.startContainer, range.startOffset), place(range.endContainer, range.endOffset, true)];
  return found[0] !== null && found[1] !== null && found[0] < found[1] ? found : null;
}
function place(node, offset, isEnd = false) {
  if (node.nodeType === Node.TEXT_NODE) {
    const leaf = node.parentElement;
    if (leaf.start === undefined) return null;
    return leaf.fixed ? leaf.start + (isEnd ? leaf.fixed : 0) : leaf.start + offset;
  }
  const next = node.childNodes[offset];
  const first = next && next.nodeType === Node.ELEMENT_NODE ? (next.start === undefined ? next.querySelector("span") : next) : null;
  if (first && first.start !== undefined) return first.start;
  const line = node.closest?.(".line") ?? node.childNodes[Math.max(0, offset - 1)]?.closest?.(".line");
  const found = open.lines.find(([, , element]) => element === line);
  return found ? (offset ? found[1] : found[0]) : null;
}

function label(kind) {
  const span = selected() ?? open?.at;
  if (!open?.text || !span || !open.lines.length) return;
  const before = open.labels;
  const after = relabelled(before, open.text, span[0], span[1], kind);
  correct(open.n, after);
  getSelection()?.removeAllRanges();
  open.labels = after;
  redraw(before, after, span);
  pick(span, {scroll: false});
  refreshed();
  tell(say("labelled", say(kind)));
}
/** Draws the lines anew whose labels differ. */
function redraw(before, after, span) {
  const key = ([start, end, kind]) => `${start} ${end} ${kind}`;
  const one = new Set(before.map(key)), other = new Set(after.map(key));
  const changed = [...before.filter(s => !other.has(key(s))), ...after.filter(s => !one.has(key(s)))];
  const low = Math.min(span[0], ...changed.map(s => s[0])), high = Math.max(span[1], ...changed.map(s => s[1]));
  open.lines.forEach((entry, i) => {
    if (entry[0] >= high || entry[1] < low) return;
    const fresh = line(i);
    if (entry[2]) entry[2].replaceWith(fresh);
    entry[2] = fresh;
  });
}
async function takeBack() {
  const n = undo();
  if (n === null) return;
  if (open?.n !== n) await show(n);
  else {
    const before = open.labels;
    open.labels = labelsOf(n, open.marks);
    redraw(before, open.labels, open.at ?? [0, 0]);
  }
  pick(open.at, {scroll: false});
  refreshed();
  tell(say("undone"));
}
function confirm() {
  if (!open?.text || !open.lines.length) return;
  correct(open.n, open.labels);
  refreshed();
  tell(say("confirmed"));
}
function refreshed() {
  drawSave();
  drawRows();
  drawToolbar();
}
function drawToolbar() {
  toolbar.hidden = !open || open.text === null || !open.lines.length;
  if (toolbar.hidden) return;
  const button = (key, text, action, attributes = {}) => make("button", {type: "button", ...attributes, on: {mousedown: event => event.preventDefault(), click: action}}, make("kbd", {}, key), ` ${text}`);
  toolbar.replaceChildren(
    ...[1, 2, 3, 4, 0].map(key => button(String(key), say(LABELS[key]), () => label(LABELS[key]), {class: LABELS[key], "data-label": LABELS[key]})),
    make("span", {class: "gap"}),
    button("u", say("undo"), takeBack, {disabled: !undone.length}),
    button("y", say("right"), confirm, {title: say("rightHint"), "aria-pressed": String(corrections.has(open.n))}));
}

reader.addEventListener("click", event => {
  if (!open?.text || !event.target.closest("#text") || selected()) return;
  const mark = event.target.closest("mark"), line = event.target.closest(".line");
  const hit = mark ? stops().find(([start, end]) => start <= mark.place[0] && end >= mark.place[1]) ?? mark.place : null;
  const found = hit ?? open.lines.find(([, , element]) => element === line);
  if (found && found[0] < found[1]) pick([found[0], found[1]], {scroll: false});
});
reader.addEventListener("mouseover", event => { const mark = event.target.closest("mark"); if (mark) showTip(mark); else hideTip(); });
reader.addEventListener("mouseleave", hideTip);
reader.addEventListener("scroll", hideTip, {passive: true});

const KEYS = {
  j: () => nextStop(1), k: () => nextStop(-1), u: takeBack, y: confirm, n: () => step(1), p: () => step(-1), s: save,
  o: () => go("overview"), a: () => go("articles"), r: () => go("lines"), t: () => turn(), l: () => translate(),
  "?": () => help(), "/": () => { go("articles"); document.body.classList.remove("reading"); byId("search").focus(); },
  ArrowDown: event => nextLine(1, event.shiftKey), ArrowUp: event => nextLine(-1, event.shiftKey),
  Escape: () => { getSelection()?.removeAllRanges(); if (open?.at) pick(null); else document.body.classList.remove("reading"); },
};
addEventListener("keydown", event => {
  const typing = event.target.closest?.("input, select, textarea, dialog");
  if (typing) { if (event.key === "Escape") event.target.blur?.(); return; }
  if ((event.ctrlKey || event.metaKey) && event.key === "z") { event.preventDefault(); takeBack(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = event.key.startsWith("Arrow");
  if (arrow && (byId("articles").hidden || list.contains(event.target))) return;
  const action = /^[0-4]$/.test(event.key) ? () => label(LABELS[Number(event.key)]) : KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action(event);
});
