"""Questions to a page, in JavaScript, that the tests ask."""

OUTSIDE = """
// What sticks out of the page and is not inside something that scrolls or is hidden from view.
const wide = document.documentElement.clientWidth + 1;
const free = e => { for (let p = e.parentElement; p; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== 'visible') return false; return true; };
return [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().width && e.getBoundingClientRect().right > wide && free(e))
    .map(e => `${e.tagName} ${e.textContent.slice(0, 60)}`).slice(0, 5);
"""

TARGETS = """
// Of these permalinks, those that do not bring their target to the top of the window.
return arguments[0].filter(id => {
    location.hash = '#' + id;
    const target = document.querySelector(':target');
    if (!target || target.id !== id) return true;
    const box = target.getBoundingClientRect();
    const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    return box.height === 0 || box.top < -1 || (box.top > 60 && !end);
});
"""

VISIBLE = """
// Ids of the readings that can be seen.
return [...document.querySelectorAll('.reading')].filter(e => e.getClientRects().length).map(e => e.id);
"""

FAINT = """
// Texts whose contrast with what lies behind them is below the ratio 4.5 (3 where they are large) of WCAG AA.
const pixel = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const known = new Map();
function rgba(colour) {
    if (!known.has(colour)) {
        pixel.clearRect(0, 0, 1, 1); pixel.fillStyle = colour; pixel.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data; known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
}
const over = (top, below) => [0, 1, 2].map(k => top[k] * top[3] + below[k] * (1 - top[3])).concat(1);
function behind(e) {
    if (!e) return [255, 255, 255, 1];
    const own = rgba(getComputedStyle(e).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(e.parentElement));
}
function light([r, g, b]) {
    const [x, y, z] = [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}
const found = new Set();
for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !e.getClientRects().length || e.closest('.skip, .permalink')) continue;
    const style = getComputedStyle(e), ground = behind(e instanceof SVGElement ? e.ownerSVGElement : e);
    const ink = over(rgba(e instanceof SVGElement ? style.fill : style.color), ground);
    const [a, b] = [light(ink), light(ground)], ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio >= (large ? 3 : 4.5)) continue;
    found.add(`${ratio.toFixed(2)} ${e.tagName}.${e.classList}: ${e.textContent.slice(0, 40)}`);
}
return [...found].slice(0, 8);
"""

FLAT = """
// Parts of formulas without extent, and fractions whose numerator is not above their denominator.
const box = e => e.getBoundingClientRect(), wrong = [];
for (const e of document.querySelectorAll('math, math mi, math mn, math mo, math mfrac, math msqrt')) {
    if (!e.getClientRects().length || !e.textContent.trim()) continue;
    if (!box(e).width || !box(e).height) wrong.push('flat ' + e.outerHTML.slice(0, 80));
    if (e.tagName === 'mfrac' && box(e.children[0]).bottom > box(e.children[1]).top + 1)
        wrong.push('fraction ' + e.textContent);
}
return wrong;
"""
