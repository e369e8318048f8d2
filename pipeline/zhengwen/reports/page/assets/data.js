// Articles: columns that are there at once, and texts that are unpacked when they are looked at.
const KINDS = ["promotion", "engagement", "notice", "navigation"];
const FATES = ["removed", "kept", "doubtful"];
const byId = id => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
byId("data").remove();
const total = data.names.length;
const ROWS = 4096;

/** An element; text goes in as text, whatever it holds. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, action] of Object.entries(value)) element.addEventListener(event, action);
    else if (name === "class") element.className = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

function removedOf(n) {
  let sum = 0;
  for (let kind = 0; kind < KINDS.length; kind++) sum += data.removed[n * KINDS.length + kind];
  return sum;
}
function passagesOf(n) {
  let sum = 0;
  for (let kind = 0; kind < KINDS.length; kind++) sum += data.passages[n * KINDS.length + kind];
  return sum;
}
const statusOf = n => data.statuses[data.status[n]];
const siteOf = n => data.sites[data.site[n]];

const parsed = new Promise(done => {
  if (document.readyState !== "loading") done();
  else document.addEventListener("DOMContentLoaded", () => done());
});
const KEPT_CHUNKS = 4;
const chunks = new Map();

/** The articles of a chunk, as `{t: text or null, m: marks, w: why}`. */
async function unpack(number) {
  if (!byId(`texts-${number}`)) await parsed;
  const packed = atob(JSON.parse(byId(`texts-${number}`).textContent));
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}
function chunk(number) {
  if (!chunks.has(number)) {
    chunks.set(number, unpack(number));
    if (chunks.size > KEPT_CHUNKS) chunks.delete(chunks.keys().next().value);
  }
  return chunks.get(number);
}

/** An article with its marks in UTF-16 units: `{text, marks, why}`. */
async function detail(n) {
  const place = data.places[n];
  const found = (await chunk(Math.floor(place / ROWS)))[place % ROWS];
  const units = found.t === null ? x => x : toUnits(found.t);
  const marks = found.m.map(([start, end, kind, score, fate, reasons, text]) => ({
    start: units(start), end: units(end), kind: KINDS[kind], score, fate: FATES[fate], reasons, text,
  }));
  return {text: found.t, marks, why: found.w};
}

/** Whether an article holds some text, for all articles of a chunk: `[[n, true], …]`. */
const members = [];
data.places.forEach((place, n) => (members[Math.floor(place / ROWS)] ??= []).push(n));
async function holding(number, sought) {
  const details = await unpack(number);
  return members[number].filter(n => {
    const found = details[data.places[n] % ROWS];
    return (found.t ?? found.m.map(mark => mark[6]).join("\n")).toLowerCase().includes(sought);
  });
}
