// The list of articles: filters, search, order; only the rows in sight are there.
const HEIGHT = 68;
const filters = {kinds: new Set(), status: "", site: "", doubt: "", order: data.order, query: ""};
let shown = [], hits = null, search = 0, searched = 100, walked = false;
const list = byId("list"), rows = byId("rows");

function matches(n) {
  if (filters.kinds.size && !KINDS.some((kind, k) => filters.kinds.has(kind) && data.passages[n * KINDS.length + k])) return false;
  if (filters.status === "onlyCorrected" ? !corrections.has(n) : filters.status && statusOf(n) !== filters.status) return false;
  if (filters.site !== "" && data.site[n] !== Number(filters.site)) return false;
  if (filters.doubt === "below90" && !(data.lowest[n] >= 0 && data.lowest[n] < 90)) return false;
  if (filters.doubt === "below70" && !(data.lowest[n] >= 0 && data.lowest[n] < 70)) return false;
  if (filters.doubt === "hasDoubts" && !data.doubts[n]) return false;
  if (filters.doubt === "hasKept" && !data.others[n]) return false;
  return !hits || hits.has(n);
}
const sequences = {};
function sequence() {
  const by = filters.order;
  if (!sequences[by]) {
    const all = Array.from({length: total}, (_, n) => n);
    const rank = {removed: removedOf, uncertain: n => data.uncertainty[n]}[by];
    sequences[by] = rank ? all.sort((one, other) => rank(other) - rank(one) || one - other) : all;
  }
  return sequences[by];
}
function refilter({keep = false} = {}) {
  shown = sequence().filter(matches);
  if (!keep) { list.scrollTop = 0; walked = false; }
  rows.style.height = `${shown.length * HEIGHT}px`;
  byId("count").textContent = say("found", count(shown.length), count(total)) + (searched < 100 ? ` · ${say("searching", searched)}` : "");
  drawRows();
}
function drawRows() {
  const first = Math.max(0, Math.floor(list.scrollTop / HEIGHT) - 4);
  const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / HEIGHT) + 4);
  const focused = rows.contains(document.activeElement) ? document.activeElement.dataset.n : null;
  rows.replaceChildren(...shown.slice(first, last).map((n, i) => row(n, first + i)));
  if (!shown.length) rows.append(make("p", {class: "nothing"}, say("nothing")));
  if (focused) rows.querySelector(`[data-n="${focused}"]`)?.focus({preventScroll: true});
}
function row(n, place) {
  const dots = make("span", {class: "dots"});
  KINDS.forEach((kind, k) => {
    const passages = data.passages[n * KINDS.length + k];
    if (passages) dots.append(make("i", {class: kind, title: say(kind)}, count(passages)));
  });
  if (data.doubts[n]) dots.append(make("i", {class: "doubts", title: say("hasDoubts")}, `？${count(data.doubts[n])}`));
  const state = statusOf(n);
  const element = make("button", {type: "button", class: "row", "data-n": String(n), "aria-current": open?.n === n ? "true" : false, on: {click: () => { walked = true; go("articles", n, {focus: true}); }}},
    make("span", {class: "title"}, corrections.has(n) ? "✎ " : "", plain(data.titles[n]) || say("untitled")),
    make("span", {class: "path"}, plain(data.names[n])),
    make("span", {class: "state"}, state === "cleaned" || state === "unchanged" || state === "checked" ? "" : say(state), dots));
  element.style.top = `${place * HEIGHT}px`;
  return element;
}
function current(n) {
  for (const one of rows.children) one.toggleAttribute?.("aria-current", false);
  rows.querySelector(`[data-n="${n}"]`)?.setAttribute("aria-current", "true");
}
function step(by) {
  if (!shown.length) return;
  const at = open && walked ? shown.indexOf(open.n) : -1;
  walked = true;
  const to = Math.max(0, Math.min(shown.length - 1, at < 0 ? 0 : at + by));
  if (list.scrollTop > to * HEIGHT || list.scrollTop + list.clientHeight < (to + 1) * HEIGHT) list.scrollTop = (to - 2) * HEIGHT;
  go("articles", shown[to]);
}

/** Titles and paths at once, texts chunk by chunk; a later search ends an earlier one. */
async function seek(query) {
  const mine = ++search, sought = query.trim().toLowerCase();
  filters.query = query;
  if (!sought) { hits = null; searched = 100; refilter(); return; }
  hits = new Set();
  for (let n = 0; n < total; n++)
    if (data.names[n].toLowerCase().includes(sought) || data.titles[n].toLowerCase().includes(sought)) hits.add(n);
  searched = members.length && sought.length > 1 ? 0 : 100;
  refilter();
  for (let number = 0; searched < 100 && number < members.length; number++) {
    const found = await holding(number, sought).catch(() => []);
    if (mine !== search) return;
    for (const n of found) hits.add(n);
    searched = Math.floor(100 * (number + 1) / members.length);
    if (number % 8 === 7 || searched === 100) refilter({keep: true});
  }
}

function drawFilters() {
  const choose = (name, entries, value) => {
    const select = make("select", {"aria-label": say(name), id: `filter-${name}`, on: {change: event => { filters[name] = event.target.value; refilter(); }}},
      ...entries.map(([key, text]) => make("option", {value: key}, text)));
    select.value = value;
    return make("label", {}, make("span", {}, say(name)), select);
  };
  const sites = data.sites.map((name, n) => [String(n), plain(name) || say("noSite")]).sort((one, other) => one[1].localeCompare(other[1]));
  const input = make("input", {type: "search", id: "search", placeholder: say("search"), "aria-label": say("search"), value: filters.query, autocomplete: "off", spellcheck: "false",
    on: {input: event => { clearTimeout(drawFilters.wait); drawFilters.wait = setTimeout(() => seek(event.target.value), 200); }}});
  const kinds = make("div", {class: "kinds"}, ...KINDS.map(kind => make("button", {
    type: "button", class: kind, "data-kind": kind, "aria-pressed": String(filters.kinds.has(kind)),
    on: {click: event => {
      if (!filters.kinds.delete(kind)) filters.kinds.add(kind);
      event.currentTarget.setAttribute("aria-pressed", String(filters.kinds.has(kind)));
      refilter();
    }}}, say(kind))));
  byId("filters").replaceChildren(input, kinds,
    choose("status", [["", say("any")], ...data.statuses.map(one => [one, say(one)]), ["onlyCorrected", say("onlyCorrected")]], filters.status),
    choose("doubt", [["", say("any")], ...["below90", "below70", "hasDoubts", "hasKept"].map(one => [one, say(one)])], filters.doubt),
    ...(data.sites.length > 1 ? [choose("site", [["", say("any")], ...sites], filters.site)] : []),
    choose("order", [["path", say("byPath")], ["removed", say("byRemoved")], ["uncertain", say("byUncertain")]], filters.order));
}
byId("filters").addEventListener("submit", event => event.preventDefault());
list.addEventListener("scroll", () => requestAnimationFrame(drawRows), {passive: true});
