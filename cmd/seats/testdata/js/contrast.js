// Lists the texts that stand out too little. Backgrounds are colours alone; an opacity is mixed in.
(() => {
	const parse = (c) => { const n = c.match(/[\d.]+/g).map(Number); return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]; };
	const light = (c) => { const l = c.slice(0, 3).map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * l[0] + .7152 * l[1] + .0722 * l[2]; };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > .99) return c; } return [255, 255, 255, 1]; };
	document.querySelectorAll('details').forEach((d) => { d.open = true; });
	const found = new Set();
	for (const e of document.body.querySelectorAll('*')) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.matches('title, script, noscript, .skip')) continue;
		const style = getComputedStyle(e), back = behind(e), ink = parse(e.namespaceURI.endsWith('svg') ? style.fill : style.color);
		const a = ink[3] * style.opacity, mixed = ink.map((v, i) => v * a + back[i] * (1 - a));
		const [high, low] = [light(mixed), light(back)].sort((x, y) => y - x), size = parseFloat(style.fontSize);
		const ratio = (high + .05) / (low + .05), wanted = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
		if (ratio < wanted) found.add(e.tagName + '.' + (e.className.baseVal ?? e.className) + ' ' + ratio.toFixed(2));
	}
	return [...found];
})()
