// Lines that several articles carry.
function drawLines() {
  const view = byId("lines");
  if (!data.lines.length) { view.replaceChildren(make("p", {class: "nothing"}, say("noLines"))); return; }
  const body = make("tbody", {}, ...data.lines.map(([text, articles, taken, first]) => {
    const share = taken / articles;
    const bar = make("span", {class: "share"}, make("i", {}));
    bar.firstChild.style.width = `${Math.round(100 * share)}%`;
    return make("tr", {},
      make("td", {}, make("button", {type: "button", class: "link", lang: "zh", on: {click: () => {
        filters.query = text;
        Object.assign(filters, {kinds: new Set(), status: "", site: "", doubt: ""});
        drawFilters(); go("articles"); seek(text);
      }}}, text.replace(HIDDEN_ALL, codeOf))),
      make("td", {class: "number"}, count(articles)),
      make("td", {class: "number"}, bar, ` ${Math.round(100 * share)}%`),
      make("td", {}, make("button", {type: "button", class: "link path", on: {click: () => go("articles", first, {focus: true})}}, plain(data.names[first]))));
  }));
  view.replaceChildren(make("p", {}, say("linesIntro")), make("div", {class: "scroll"}, make("table", {},
    make("thead", {}, make("tr", {}, ...["line", "inArticles", "taken", "example"].map(key => make("th", {scope: "col"}, say(key))))), body)));
}
