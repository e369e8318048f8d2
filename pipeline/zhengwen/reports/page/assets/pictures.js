// The overview: totals, and three pictures of them.
const SVG = "http://www.w3.org/2000/svg";
function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const wording = (x, y, text, attributes = {}) => draw("text", {x, y, ...attributes}, text);

const LOSSES = [["< 1%", 0.01], ["1–5%", 0.05], ["5–10%", 0.1], ["10–25%", 0.25], ["25–50%", 0.5], ["≥ 50%", Infinity]];

function totals() {
  const sum = {characters: 0, changed: 0, removed: [0, 0, 0, 0], passages: [0, 0, 0, 0], losses: LOSSES.map(() => 0), sites: data.sites.map(() => ({size: 0, removed: [0, 0, 0, 0], articles: 0}))};
  for (let n = 0; n < total; n++) {
    const site = sum.sites[data.site[n]];
    sum.characters += data.size[n];
    site.size += data.size[n];
    site.articles += 1;
    sum.changed += passagesOf(n) > 0;
    if (passagesOf(n)) sum.losses[LOSSES.findIndex(([, upto]) => removedOf(n) / Math.max(data.size[n], 1) < upto)] += 1;
    for (let kind = 0; kind < KINDS.length; kind++) {
      sum.removed[kind] += data.removed[n * KINDS.length + kind];
      sum.passages[kind] += data.passages[n * KINDS.length + kind];
      site.removed[kind] += data.removed[n * KINDS.length + kind];
    }
  }
  return sum;
}
const added = numbers => numbers.reduce((one, other) => one + other, 0);

function drawOverview() {
  const sum = totals(), view = byId("overview");
  const width = Math.max(280, Math.min(view.clientWidth - 32, 620));
  const having = status => data.status.reduce((so, one) => so + (data.statuses[one] === status), 0);
  const adverts = having("advert left out") + having("advert kept");
  const tile = (name, value, action) => make(action ? "button" : "div", {class: "tile", type: action ? "button" : undefined, on: action ? {click: action} : {}}, make("b", {}, value), make("span", {}, say(name)));
  const only = changes => () => { Object.assign(filters, {kinds: new Set(), status: "", site: "", doubt: ""}, changes); drawFilters(); refilter(); go("articles"); };
  const tiles = make("div", {class: "tiles"},
    tile("articlesCount", count(total), only({})),
    tile("changedCount", count(sum.changed), only({kinds: new Set(KINDS)})),
    tile("removedShare", percent(added(sum.removed) / Math.max(sum.characters, 1))),
    tile("passagesCount", count(added(sum.passages))),
    tile("copiesCount", count(having("duplicate left out")), only({status: "duplicate left out"})),
    tile("advertsCount", count(adverts), only({status: data.statuses.find(one => one.startsWith("advert")) ?? ""})),
    ...(having("refused") + having("not readable") ? [tile("faultsCount", count(having("refused") + having("not readable")), only({status: having("refused") ? "refused" : "not readable"}))] : []));
  const figure = (name, picture) => make("figure", {}, make("figcaption", {}, say(name)), picture);
  view.replaceChildren(tiles, make("div", {class: "figures"},
    figure("byKind", ofKinds(sum, width, only)), figure("byScore", ofScores(width)), figure("byLoss", ofLosses(sum, width)), figure("bySite", ofSites(sum, width, only))), told());
}
function told() {
  const whole = added(data.whole);
  const notes = [say("embedded", count(whole), count(total)) + (data.texts === "changed" && whole < total ? say("embeddedChanged") : "") + (language === "zh" ? "。" : ".")];
  if (whole < total) notes.push(say("embeddedRest"));
  if (!data.scored) notes.push(say("unscored"));
  notes.push(storing ? say("kept2") + (language === "zh" ? "。" : ".") : say("notKept"));
  const list = data.faults.length ? [make("h3", {}, say("faults")), make("ul", {}, ...data.faults.slice(0, 200).map(fault => make("li", {}, plain(fault))))] : [];
  return make("div", {class: "told"}, make("p", {}, notes.join(language === "zh" ? "" : " ")), ...list);
}

function ofKinds(sum, width, only) {
  const picture = draw("svg", {viewBox: `0 0 ${width} ${KINDS.length * 34}`, width, height: KINDS.length * 34, role: "img", "aria-label": say("byKind")});
  const most = Math.max(...sum.removed, 1), room = width - 96 - 150;
  KINDS.forEach((kind, k) => {
    const long = room * sum.removed[k] / most, y = k * 34;
    const group = draw("g", {class: "press"}, draw("rect", {x: 0, y, width, height: 30, class: "ground"}),
      wording(0, y + 20, say(kind)), draw("rect", {x: 96, y: y + 6, width: Math.max(long, sum.removed[k] ? 2 : 0), height: 18, rx: 2, class: `fill ${kind}`}),
      wording(104 + long, y + 20, `${percent(sum.removed[k] / Math.max(sum.characters, 1))} · ${say("passages", count(sum.passages[k]))}`, {class: "dim"}));
    group.addEventListener("click", only({kinds: new Set([kind])}));
    picture.append(group);
  });
  return picture;
}
function ofLosses(sum, width) {
  const picture = draw("svg", {viewBox: `0 0 ${width} ${LOSSES.length * 30}`, width, height: LOSSES.length * 30, role: "img", "aria-label": say("byLoss")});
  const most = Math.max(...sum.losses, 1), room = width - 96 - 100;
  LOSSES.forEach(([name], i) => {
    const long = room * sum.losses[i] / most, y = i * 30;
    picture.append(wording(0, y + 18, name), draw("rect", {x: 96, y: y + 5, width: Math.max(long, sum.losses[i] ? 2 : 0), height: 16, rx: 2, class: "fill loss"}),
      wording(104 + long, y + 18, say("ofArticles", count(sum.losses[i])), {class: "dim"}));
  });
  return picture;
}
function ofSites(sum, width, only) {
  const sites = sum.sites.map((site, n) => ({...site, n, share: added(site.removed) / Math.max(site.size, 1)})).filter(site => site.share > 0 || data.sites.length < 4)
    .sort((one, other) => added(other.removed) - added(one.removed)).slice(0, 12);
  const picture = draw("svg", {viewBox: `0 0 ${width} ${sites.length * 30}`, width, height: sites.length * 30, role: "img", "aria-label": say("bySite")});
  const most = Math.max(...sites.map(site => site.share), 1e-9), left = Math.min(180, width * 0.34), room = width - left - 130;
  sites.forEach((site, i) => {
    const y = i * 30, name = plain(data.sites[site.n]) || say("noSite"), longest = Math.floor(left / 8);
    const group = draw("g", {class: "press"}, draw("rect", {x: 0, y, width, height: 26, class: "ground"}), draw("title", {}, name),
      wording(0, y + 18, name.length > longest ? `${name.slice(0, longest - 1)}…` : name));
    let x = left;
    KINDS.forEach((kind, k) => {
      const long = room * site.removed[k] / Math.max(site.size, 1) / most;
      if (long > 0) group.append(draw("rect", {x, y: y + 5, width: long, height: 16, class: `fill ${kind}`}));
      x += long;
    });
    group.append(wording(x + 8, y + 18, `${percent(site.share)} · ${say("ofArticles", count(site.articles))}`, {class: "dim"}));
    group.addEventListener("click", only({site: String(site.n)}));
    picture.append(group);
  });
  return picture;
}
function ofScores(width) {
  const bins = data.scores[0].length, height = 190, floor = height - 36, left = 44;
  const picture = draw("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": say("byScore")});
  const sums = Array.from({length: bins}, (_, bin) => added(data.scores.map(row => row[bin])));
  const most = Math.max(...sums, 1), wide = (width - left) / bins;
  for (const part of [0, 0.5, 1]) {
    const y = floor - part * (floor - 12);
    picture.append(draw("line", {x1: left, x2: width, y1: y, y2: y, class: "grid"}), wording(left - 6, y + 4, count(Math.round(most * part)), {class: "dim", "text-anchor": "end"}));
  }
  for (let bin = 0; bin < bins; bin++) {
    let y = floor;
    const group = draw("g", {}, draw("title", {}, `${(bin / bins).toFixed(2)}–${((bin + 1) / bins).toFixed(2)}: ${count(sums[bin])}`));
    KINDS.forEach((kind, k) => {
      const high = (floor - 12) * data.scores[k][bin] / most;
      y -= high;
      if (high > 0) group.append(draw("rect", {x: left + bin * wide + 1, y, width: Math.max(wide - 2, 1), height: high, class: `fill ${kind}`}));
    });
    picture.append(group);
  }
  for (const at of [0, 0.25, 0.5, 0.75, 1]) picture.append(wording(left + at * (width - left), floor + 16, at.toFixed(2), {class: "dim", "text-anchor": at === 1 ? "end" : at ? "middle" : "start"}));
  picture.append(wording(left, height - 4, say("scoreAxis"), {class: "dim"}));
  return picture;
}
