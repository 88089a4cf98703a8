// The curves of a day: uPlot draws, this says what. A day's numbers come as a call from a file of its own, since pages of
// the file system cannot fetch.
'use strict';
(() => {
	const loaded = new Map(); // days by date
	let dates = [];
	const waiting = new Map();
	window.seatsDays = (list) => { dates = list || []; };
	window.seatsDay = (day) => {
		loaded.set(day.day, day);
		if (waiting.has(day.day)) waiting.get(day.day)();
	};
	const load = (date) => loaded.has(date) ? Promise.resolve() : new Promise((done, failed) => {
		waiting.set(date, done);
		const script = document.createElement('script');
		script.src = 'data/' + date + '.js';
		script.onerror = () => failed(new Error('no curve of ' + date));
		document.head.append(script);
	});

	const dashes = [undefined, [8, 5], [2, 3], [12, 3, 2, 3]]; // of what lies on another line, that one is seen between
	const later = window.requestIdleCallback || ((act) => setTimeout(act, 50));
	const paper = 680; // pixels of a curve's width that fit on paper, upright
	const printing = () => document.documentElement.classList.contains('print');

	const element = (name, properties, ...children) => {
		const e = Object.assign(document.createElement(name), properties);
		e.append(...children);
		return e;
	};
	const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

	// A series is a step function: since which second of the day, how many agents.
	const series = (curve) => {
		const at = [], agents = [];
		let second = 0;
		for (let i = 0; i < curve.steps.length; i += 2) {
			at.push(second);
			agents.push(curve.steps[i + 1]);
			second += curve.steps[i];
		}
		return {at, agents, end: second};
	};
	// before is the index of the last value that is not above x.
	const before = (values, x) => {
		let low = 0, high = values.length - 1;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if (values[middle] <= x) low = middle; else high = middle - 1;
		}
		return low;
	};
	// align puts several step functions on one row of seconds.
	const align = (all) => {
		const xs = Float64Array.from(new Set(all.flatMap((s) => [...s.at, s.end]))).sort();
		return [xs, ...all.map((s) => {
			const ys = new Array(xs.length);
			for (let i = 0, k = 0; i < xs.length; i++) {
				while (k + 1 < s.at.length && s.at[k + 1] <= xs[i]) k++;
				ys[i] = xs[i] > s.end ? null : s.agents[k];
			}
			return ys;
		})];
	};
	// steps draws a step function as it is. Of many changes within a pixel the lowest and the highest are drawn.
	const steps = (filled) => (u, no, from, to) => {
		const xs = u.data[0], ys = u.data[no], stroke = new Path2D();
		const X = (v) => Math.round(u.valToPos(v, 'x', true)), Y = (v) => u.valToPos(v, 'y', true);
		let x = X(xs[from]), low = ys[from], high = low, last = low;
		const first = x;
		stroke.moveTo(x, Y(last));
		const column = () => {
			if (low !== high) { stroke.lineTo(x, Y(low)); stroke.lineTo(x, Y(high)); }
			stroke.lineTo(x, Y(last));
		};
		for (let i = from + 1; i <= to && ys[i] !== null; i++) {
			const next = X(xs[i]);
			if (next !== x) {
				column();
				stroke.lineTo(next, Y(last));
				x = next;
				low = high = last;
			}
			last = ys[i];
			low = Math.min(low, last);
			high = Math.max(high, last);
		}
		column();
		let fill = null;
		if (filled) {
			fill = new Path2D(stroke);
			fill.lineTo(x, Y(0));
			fill.lineTo(first, Y(0));
			fill.closePath();
		}
		return {stroke, fill, clip: null, band: null, gaps: null, flags: 1};
	};

	// clock is a second of the day by the clocks of the region.
	const clock = (region, second, short) => {
		let offset = region.offsets[0][1];
		for (const [from, ahead] of region.offsets) if (second >= from) offset = ahead;
		const text = new Date((region.start + second + offset) * 1000).toISOString();
		return short && text.slice(17, 19) === '00' ? text.slice(11, 16) : text.slice(11, 19);
	};

	// ticks are the seconds of the day at which the clocks of the region show a multiple of so many seconds, whatever they were
	// put forward or back by.
	const ticks = (region, min, max, distance) => {
		const found = [];
		region.offsets.forEach(([from, ahead], i) => {
			const until = i + 1 < region.offsets.length ? region.offsets[i + 1][0] : region.length + 1;
			const local = region.start + ahead, start = Math.max(min, from);
			for (let t = Math.ceil((local + start) / distance) * distance - local; t < until && t <= max; t += distance) found.push(t);
		});
		return found;
	};

	const show = (figure, date) => {
		const name = figure.dataset.region;
		const regionOf = (d) => loaded.get(d).regions.find((r) => r.region === name);
		const region = regionOf(date);
		const curves = region.curves.map((c) => ({label: c.location || name, ...series(c)}));
		const hidden = new Set(), others = [];
		const most = Math.max(0, ...curves[0].agents);
		const peaks = curves[0].at.flatMap((at, i) => most > 0 && curves[0].agents[i] === most ? [[at, curves[0].at[i + 1] ?? curves[0].end]] : []);
		const tools = element('div', {className: 'tools'}), readout = element('div', {className: 'readout'});
		const plot = element('div', {className: 'plot', tabIndex: 0});
		plot.setAttribute('role', 'group');
		plot.setAttribute('aria-label', 'Curve of ' + name + '. Arrow keys move, plus and minus zoom, 0 shows the whole day, p the peak. The table below has the numbers.');
		readout.setAttribute('aria-live', 'polite');
		figure.append(tools, readout, plot);
		let u, drawn, window_ = [0, region.length];

		const say = (x) => {
			if (x === null) { readout.textContent = matchMedia('(pointer: coarse)').matches ? 'Touch the curve; two fingers zoom.' : 'Point at the curve, or use the arrow keys; drag to zoom.'; return; }
			const second = Math.max(0, Math.min(region.length - 1, Math.floor(x)));
			readout.textContent = clock(region, second) + '  ' + drawn.map((s) => s.label + ' ' + (second < s.end ? s.agents[before(s.at, second)] : '–')).join(' · ');
		};
		const zoom = (min, max) => {
			min = Math.max(0, min); max = Math.min(region.length, max);
			if (max - min >= 5) { window_ = [min, max]; u.setScale('x', {min, max}); }
		};
		const around = (factor) => {
			const [min, max] = window_, at = u.cursor.left >= 0 ? u.posToVal(u.cursor.left, 'x') : (min + max) / 2;
			zoom(at - (at - min) * factor, at + (max - at) * factor);
		};
		const toPeak = () => {
			if (!peaks.length) return;
			zoom(peaks[0][0] - 900, peaks[0][1] + 900);
			queueMicrotask(() => point(peaks[0][0])); // uPlot takes over a new scale in one
		};
		const point = (x) => { u.setCursor({left: u.valToPos(x, 'x'), top: 10}); say(x); };
		const whole = () => zoom(0, region.length);
		// A finger moves along the curve; two zoom and move it, and what is below them stays there.
		const touch = (over) => {
			const fingers = new Map();
			let held = [];
			const place = (e) => e.clientX - over.getBoundingClientRect().left;
			const hold = () => { held = [...fingers.values()].map((x) => u.posToVal(x, 'x')); };
			over.addEventListener('pointerdown', (e) => {
				if (e.pointerType !== 'touch' || fingers.size === 2) return;
				fingers.set(e.pointerId, place(e));
				hold();
			});
			over.addEventListener('pointermove', (e) => {
				if (!fingers.has(e.pointerId)) return;
				fingers.set(e.pointerId, place(e));
				const [a, b] = fingers.values();
				if (b === undefined) { point(Math.max(window_[0], Math.min(window_[1], u.posToVal(a, 'x')))); return; }
				if (Math.abs(b - a) < 10) return;
				const perPixel = (held[1] - held[0]) / (b - a);
				if (perPixel > 0) zoom(held[0] - a * perPixel, held[0] + (over.clientWidth - a) * perPixel);
			});
			for (const end of ['pointerup', 'pointercancel', 'pointerleave']) over.addEventListener(end, (e) => { if (fingers.delete(e.pointerId)) hold(); });
		};

		const draw = () => {
			if (u) u.destroy();
			drawn = [...curves.map((c, i) => ({...c, hue: i % 8})), ...others].filter((s) => !hidden.has(s.label));
			const top = Math.max(1, region.committed || 0, ...drawn.map((s) => s.agents.reduce((a, b) => Math.max(a, b), 0)));
			const ink = color('--soft'), rule = color('--rule');
			const axis = {stroke: ink, grid: {stroke: rule, width: 1}, ticks: {stroke: rule, width: 1}, font: '11px system-ui, sans-serif'};
			u = new uPlot({
				width: plot.clientWidth || 600, height: 280, legend: {show: false},
				scales: {x: {time: false, min: window_[0], max: window_[1]}, y: {range: [0, top * 1.12]}},
				axes: [
					{...axis, space: 60, incrs: [1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600],
						splits: (_, no, min, max, distance) => ticks(region, min, max, distance), values: (_, at) => at.map((t) => clock(region, t, true))},
					{...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000]},
				],
				cursor: {y: false, points: {show: false}, drag: {x: true, y: false, setScale: false}},
				series: [{}, ...drawn.map((s, i) => ({
					label: s.label, stroke: color('--c' + s.hue), width: i === 0 ? 2 : 1.6, dash: dashes[s.hue % 4],
					fill: !s.other && s.label === name ? color('--c0') + '22' : undefined, paths: steps(!s.other && s.label === name), points: {show: false},
				}))],
				hooks: {
					setCursor: [(c) => say(c.cursor.left >= 0 ? c.posToVal(c.cursor.left, 'x') : null)],
					setSelect: [(c) => { if (c.select.width > 2) { zoom(c.posToVal(c.select.left, 'x'), c.posToVal(c.select.left + c.select.width, 'x')); c.setSelect({left: 0, width: 0, top: 0, height: 0}, false); } }],
					drawClear: [(c) => {
						c.ctx.fillStyle = color('--peak');
						for (const [from, until] of peaks) {
							const left = Math.max(c.bbox.left, c.valToPos(from, 'x', true)), right = Math.min(c.bbox.left + c.bbox.width, c.valToPos(until, 'x', true));
							if (right >= left) c.ctx.fillRect(left, c.bbox.top, Math.max(2, right - left), c.bbox.height);
						}
						if (!region.committed) return;
						const y = c.valToPos(region.committed, 'y', true);
						c.ctx.strokeStyle = color('--bad');
						c.ctx.setLineDash([8, 6]);
						c.ctx.beginPath(); c.ctx.moveTo(c.bbox.left, y); c.ctx.lineTo(c.bbox.left + c.bbox.width, y); c.ctx.stroke();
						c.ctx.setLineDash([]);
					}],
					draw: [(c) => {
						const ratio = devicePixelRatio, box = c.bbox, seen = peaks.find(([from, until]) => until >= window_[0] && from <= window_[1]);
						const label = (text, x, y, ink) => {
							c.ctx.font = '600 ' + Math.round(11 * ratio) + 'px system-ui, sans-serif';
							const wide = c.ctx.measureText(text).width, left = Math.max(box.left + 4 * ratio, Math.min(x, box.left + box.width - wide - 4 * ratio));
							c.ctx.textAlign = 'left';
							c.ctx.lineWidth = 4 * ratio;
							c.ctx.strokeStyle = color('--bg');
							c.ctx.fillStyle = ink;
							c.ctx.strokeText(text, left, y);
							c.ctx.fillText(text, left, y);
						};
						c.ctx.save();
						let x = box.left + box.width;
						if (seen) {
							x = Math.max(box.left, c.valToPos(seen[0], 'x', true));
							label('peak ' + most, x, box.top + 12 * ratio, color('--ink'));
						}
						if (region.committed) label(region.committed + ' committed', x < box.left + 150 * ratio ? Infinity : 0, c.valToPos(region.committed, 'y', true) - 5 * ratio, color('--bad'));
						c.ctx.restore();
					}],
				},
			}, align(drawn), plot);
			u.over.addEventListener('dblclick', whole);
			touch(u.over);
			figure.dataset.drawn = drawn.length;
			say(null);
		};
		const legend = () => {
			tools.replaceChildren(...[['Peak', toPeak], ['+', () => around(.5)], ['−', () => around(2)], ['Whole day', whole]].map(([text, act]) => {
				const b = element('button', {type: 'button', textContent: text, onclick: act});
				b.setAttribute('aria-label', {'+': 'Zoom in', '−': 'Zoom out'}[text] || text);
				return b;
			}), ...[...curves.map((c, i) => ({...c, hue: i % 8})), ...others].map((s) => element('label', {},
				element('input', {type: 'checkbox', checked: !hidden.has(s.label), onchange: (e) => { if (e.target.checked) hidden.delete(s.label); else hidden.add(s.label); draw(); }}),
				element('span', {className: 'swatch s' + s.hue + ' d' + s.hue % 4}), s.label)), over());
		};
		const over = () => {
			const select = element('select', {onchange: () => add(select.value)}, element('option', {value: '', textContent: 'Lay another day over it…'}),
				...dates.filter((d) => d !== date && !others.some((o) => o.label === d)).reverse().map((d) => element('option', {value: d, textContent: d})));
			select.setAttribute('aria-label', 'Lay another day over it');
			return select;
		};
		const add = (d) => load(d).then(() => {
			const other = regionOf(d);
			if (!other || !other.curves.length) throw new Error('no curve of ' + name + ' on ' + d);
			others.push({label: d, other: true, hue: (curves.length + others.length) % 8, ...series(other.curves[0])});
			legend();
			draw();
		}).catch((e) => { readout.textContent = e.message; });

		plot.addEventListener('keydown', (e) => {
			const at = u.cursor.left >= 0 ? u.posToVal(u.cursor.left, 'x') : (window_[0] + window_[1]) / 2;
			const far = Math.max(1, (window_[1] - window_[0]) / (e.shiftKey ? 20 : 200));
			const act = {ArrowLeft: () => point(Math.max(window_[0], at - far)), ArrowRight: () => point(Math.min(window_[1], at + far)),
				'+': () => around(.5), '-': () => around(2), 0: whole, p: toPeak}[e.key];
			if (act && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); act(); }
		});
		legend();
		draw();
		const fit = (width) => { if (Math.abs(u.width - width) > 1) u.setSize({width, height: 280}); };
		new ResizeObserver(() => { if (!printing()) fit(plot.clientWidth); }).observe(plot);
		return (width) => { draw(); if (width) fit(width); };
	};

	document.addEventListener('DOMContentLoaded', () => {
		// A link to a region that is folded opens it, and on paper all of them are open.
		const folds = [...document.querySelectorAll('details.region')];
		const open = () => {
			const region = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest('details.region');
			if (region && !region.open) { region.open = true; region.scrollIntoView(); }
		};
		open();
		addEventListener('hashchange', open);
		let folded = [];
		addEventListener('beforeprint', () => { folded = folds.filter((d) => !d.open); folded.forEach((d) => { d.open = true; }); });
		addEventListener('afterprint', () => folded.forEach((d) => { d.open = false; }));

		const date = [...loaded.keys()][0], redraws = new Map();
		if (!date) return;
		const once = (figure) => { if (!redraws.has(figure)) redraws.set(figure, show(figure, date)); };
		// What is seen is drawn first, the rest when there is time, so that the whole page can be looked at or kept.
		const seen = new IntersectionObserver((entries) => entries.filter((e) => e.isIntersecting).forEach((e) => once(e.target)), {rootMargin: '300px'});
		const figures = [...document.querySelectorAll('.curve')];
		figures.forEach((f) => seen.observe(f));
		const rest = () => {
			const next = figures.find((f) => !redraws.has(f));
			if (next) { once(next); later(rest); }
		};
		later(rest);
		const again = (width) => redraws.forEach((draw) => draw(width));
		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => again());
		addEventListener('beforeprint', () => { document.documentElement.classList.add('print'); figures.forEach(once); again(paper); });
		addEventListener('afterprint', () => { document.documentElement.classList.remove('print'); again(); });
	});
})();
