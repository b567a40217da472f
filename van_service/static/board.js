// Dragging visits on the board of a draft, by pointer or keyboard, with a verdict for every lane before anything is
// dropped. Each step has a form that does the same (the link "by form"); this only makes it quicker.
'use strict';

(() => {
  const STEP = 5, FAR = 30, THRESHOLD = 6, HOLD_MS = 350, REST_MS = 150, EDGE = 56;
  const board = document.querySelector('[data-verdicts]');
  if (!board) return;
  const form = document.getElementById('board-move');
  const words = board.dataset;
  const from = Number(words.from), length = Number(words.length);
  const lanes = [...board.querySelectorAll('.lane[data-shift]')];
  let carried = null, pressed = null;

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // What is said of the lanes ------------------------------------------------------------------------------------

  async function ask(first, last, extra) {
    const query = new URLSearchParams({request: carried.request, from: first, to: last, ...extra});
    const answer = await fetch(`${words.verdicts}?${query}`, {headers: {Accept: 'application/json'}});
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error || words.lost);
    return said.lanes;
  }

  async function judge(mine) {
    try {
      const found = await ask(words.first, words.last, {});
      if (carried !== mine) return;
      mine.verdicts = found;
      lanes.forEach(mark);
      if (mine.lane) show(mine.lane, mine.wish);
    } catch (trouble) {
      if (carried !== mine) return;
      cancel();
      announce(trouble instanceof TypeError ? words.lost : trouble.message, true);
    }
  }

  function mark(lane) {
    const verdict = carried.verdicts[lane.dataset.shift];
    const cell = lane.parentElement.querySelector('.ver');
    carried.cells.set(cell, cell.textContent);
    cell.textContent = verdict ? (verdict.lawful ? '' : '✕ ') + verdict.short : '';
    cell.classList.toggle('no', Boolean(verdict) && !verdict.lawful);
  }

  // Trouble is shown, the rest only read aloud: nothing may jump while somebody drags.
  function announce(text, trouble) {
    const place = document.getElementById('board-says');
    place.textContent = text;
    place.classList.toggle('vh', !trouble);
  }

  function icon(name) {
    const space = 'http://www.w3.org/2000/svg';
    const drawn = document.createElementNS(space, 'svg');
    drawn.setAttribute('class', 'ico');
    drawn.setAttribute('aria-hidden', 'true');
    const use = document.createElementNS(space, 'use');
    use.setAttribute('href', `#i-${name}`);
    drawn.append(use);
    return drawn;
  }

  function bubble(lane, verdict) {
    const box = element('div', `verdict${verdict.lawful ? '' : ' bad'}`);
    box.setAttribute('role', 'status');
    box.style.setProperty('--s', carried.starts);
    box.append(element('h3', '', verdict.title));
    box.firstChild.prepend(icon(verdict.lawful ? 'ok' : 'no'));
    const list = element('dl');
    for (const [name, value] of verdict.rows) list.append(element('dt', '', name), element('dd', '', value));
    const tip = verdict.lawful ? words.tipDrop : (verdict.negotiable ? words.tipReason : words.tipNever);
    box.append(list, element('p', 'tip', tip));
    lane.parentElement.append(box);
    if (box.getBoundingClientRect().bottom > window.innerHeight - 8) box.classList.add('above');
    carried.bubble = box;
  }

  // Carrying -----------------------------------------------------------------------------------------------------

  function pickUp(block) {
    carried = {
      block, request: block.dataset.request, minutes: Number(block.dataset.minutes), cells: new Map(),
      lane: block.closest('.lane'), starts: Number(block.dataset.starts), wish: Number(block.dataset.starts),
      verdicts: null, ghost: null, bubble: null, timer: 0, inserts: !block.dataset.starts,
    };
    block.classList.add('carried');
    board.classList.add('judging');
    announce(words.pickedUp);
    judge(carried);
  }

  function clear() {
    clearTimeout(carried.timer);
    carried.bubble?.remove();
    carried.ghost?.remove();
    carried.bubble = carried.ghost = null;
  }

  function startIn(verdict, wish) {
    if (!verdict || !verdict.lawful) return wish;
    const inside = verdict.spans.some(([first, last]) => first <= wish && wish <= last);
    return inside ? wish : verdict.starts;
  }

  function show(lane, wish) {
    clear();
    const verdict = carried.verdicts?.[lane.dataset.shift];
    Object.assign(carried, {lane, wish, starts: startIn(verdict, wish)});
    const ghost = element('div', `${carried.block.dataset.look || 'seg ses'} drag`);
    ghost.style.setProperty('--s', carried.starts);
    ghost.style.setProperty('--d', carried.minutes);
    ghost.append(element('b', '', carried.block.dataset.name), element('span', 'hm', clock(carried.starts)));
    lane.append(ghost);
    carried.ghost = ghost;
    if (!verdict) return;
    bubble(lane, verdict);
    if (verdict.lawful && carried.starts !== verdict.starts) carried.timer = setTimeout(exact, REST_MS, carried, lane);
  }

  async function exact(mine, lane) {
    const {day, shift} = lane.dataset;
    try {
      const found = (await ask(day, day, {starts: mine.starts}))[shift];
      if (carried !== mine || mine.lane !== lane || found.starts !== mine.starts) return;
      mine.bubble?.remove();
      bubble(lane, found);
    } catch { /* the verdict of the best minute stays */ }
  }

  function clock(minutes) {
    return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  }

  function cancel() {
    clear();
    carried.block.classList.remove('carried');
    board.classList.remove('judging');
    for (const [cell, text] of carried.cells) { cell.textContent = text; cell.classList.remove('no'); }
    const {block} = carried;
    carried = null;
    announce('');
    block.focus({preventScroll: true});
  }

  function drop() {
    const verdict = carried.lane && carried.verdicts?.[carried.lane.dataset.shift];
    const stays = carried.lane === carried.block.closest('.lane') && carried.starts === Number(carried.block.dataset.starts);
    if (!verdict || stays) { cancel(); return; }
    if (!verdict.lawful && !verdict.negotiable) {
      const said = `${verdict.title}. ${words.tipNever}`;
      cancel();
      announce(said, true);
      return;
    }
    send(carried.inserts ? 'insert' : 'move', carried.request, carried.lane.dataset.shift, carried.starts);
  }

  function send(kind, request, shift, starts) {
    if (form.dataset.sent) return;
    form.elements.kind.value = kind;
    form.elements.request_id.value = request;
    form.elements.shift_id.value = shift;
    form.elements.starts.value = starts === '' ? '' : clock(starts);
    form.requestSubmit();
  }

  // By pointer ---------------------------------------------------------------------------------------------------

  const laneAt = (x, y) => lanes.find((lane) => {
    const row = lane.parentElement.getBoundingClientRect();
    return row.top <= y && y < row.bottom && row.left <= x && x <= row.right;
  });

  function minuteAt(lane, x) {
    const box = lane.getBoundingClientRect();
    const minute = from + (x - pressed.grip - box.left) / box.width * length;
    return Math.min(Math.max(Math.round(minute / STEP) * STEP, from), from + length - STEP);
  }

  // The click that ends a drag follows no link.
  function swallow(click) {
    click.preventDefault();
    click.stopPropagation();
  }

  function follow(event) {
    const lane = laneAt(event.clientX, event.clientY);
    if (lane) {
      const wish = minuteAt(lane, event.clientX);
      if (lane !== carried.lane || wish !== carried.wish || !carried.ghost) show(lane, wish);
    } else if (carried.ghost) {
      clear();
      carried.lane = null;
    }
    if (event.clientY < EDGE) window.scrollBy(0, -12);
    if (event.clientY > window.innerHeight - EDGE) window.scrollBy(0, 12);
  }

  document.addEventListener('pointerdown', (event) => {
    const block = event.button === 0 && event.target.closest('[data-request][data-minutes]');
    if (!block || carried) return;
    const box = block.getBoundingClientRect();
    const scale = lanes.length ? lanes[0].getBoundingClientRect().width / length : 1;
    const grip = block.closest('.lane') ? event.clientX - box.left : Number(block.dataset.minutes) * scale / 2;
    pressed = {block, x: event.clientX, y: event.clientY, grip, id: event.pointerId, touch: event.pointerType === 'touch'};
    if (pressed.touch) pressed.timer = setTimeout(() => { if (pressed) pickUp(pressed.block); }, HOLD_MS);
  });
  document.addEventListener('pointermove', (event) => {
    if (!pressed || event.pointerId !== pressed.id) return;
    const far = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > THRESHOLD;
    if (!carried && far) {
      if (pressed.touch) { clearTimeout(pressed.timer); pressed = null; return; }
      pickUp(pressed.block);
    }
    if (carried) { event.preventDefault(); follow(event); }
  });
  document.addEventListener('pointerup', (event) => {
    if (!pressed || event.pointerId !== pressed.id) return;
    clearTimeout(pressed.timer);
    const dragged = Boolean(carried);
    pressed = null;
    if (!dragged) return;
    document.addEventListener('click', swallow, {capture: true, once: true});
    setTimeout(() => document.removeEventListener('click', swallow, true), 0);
    drop();
  });
  document.addEventListener('pointercancel', () => { pressed = null; if (carried) cancel(); });
  document.addEventListener('dragstart', (event) => { if (event.target.closest?.('[data-request]')) event.preventDefault(); });

  // By keyboard --------------------------------------------------------------------------------------------------

  function step(event) {
    const at = lanes.indexOf(carried.lane);
    const minutes = (event.shiftKey ? FAR : STEP) * (event.key === 'ArrowLeft' ? -1 : 1);
    const moves = {
      ArrowUp: () => show(lanes[Math.max(at - 1, 0)], carried.wish),
      ArrowDown: () => show(lanes[Math.min(at + 1, lanes.length - 1)], carried.wish),
      ArrowLeft: () => show(carried.lane || lanes[0], carried.starts + minutes),
      ArrowRight: () => show(carried.lane || lanes[0], carried.starts + minutes),
      Enter: drop, ' ': drop, Escape: cancel,
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    if (carried.verdicts || event.key === 'Escape') moves[event.key]();
  }

  function press(event, block) {
    if (event.key === ' ') {
      pickUp(block);
      if (carried.lane || lanes[0]) show(carried.lane || lanes[0], carried.wish || from + 120);
    } else if (event.key === 'm' || event.key === 'M') {
      window.location.assign(block.dataset.form);
    } else if ((event.key === 'l' || event.key === 'L') && block.dataset.starts) {
      send(block.dataset.pinned ? 'unpin' : 'pin', block.dataset.request, '', '');
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (carried) { step(event); return; }
    const block = event.target.closest('[data-request][data-minutes]');
    if (block && press(event, block)) return;
    if (event.target.closest('input,select,textarea')) return;
    if (event.key === 'u' || event.key === 'U') document.getElementById('board-undo')?.click();
    if (event.key === 'r' || event.key === 'R') document.getElementById('board-redo')?.click();
  });
})();
