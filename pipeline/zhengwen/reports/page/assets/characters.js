// Characters that deceive are shown by their number; offsets go between UTF-16 units and code points.
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]/u;
const HIDDEN_ALL = new RegExp(HIDDEN.source, "gu");
const codeOf = character => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** Text of an article for a label, a list or a tooltip: on one line, nothing hidden in it. */
function plain(text) { return text.replace(HIDDEN_ALL, codeOf).replace(/\s+/g, " "); }

/** From code points to UTF-16 units of a text. */
function toUnits(text) {
  const wide = widePlaces(text);
  return wide.length ? point => point + below(wide, point, (unit, n) => unit - n) : point => point;
}
/** From UTF-16 units to code points of a text. */
function toPoints(text) {
  const wide = widePlaces(text);
  return wide.length ? unit => unit - below(wide, unit, place => place) : unit => unit;
}
function widePlaces(text) {
  const places = [];
  for (const found of text.matchAll(/[\u{10000}-\u{10ffff}]/gu)) places.push(found.index);
  return places;
}
/** How many of the places (in units, sorted) lie before a limit, measured by `measure(place, number)`. */
function below(places, limit, measure) {
  let low = 0, high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (measure(places[middle], middle) < limit) low = middle + 1; else high = middle;
  }
  return low;
}
