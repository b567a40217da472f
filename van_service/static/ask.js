// The request form: says at once what the server would say after sending. Works without it.
'use strict';

const form = document.querySelector('form.form');
const venue = document.getElementById('venue');
const options = [...document.querySelectorAll('#venues option')];
const services = [...form.querySelectorAll('input[name="service"]')];
const times = form.querySelector('.times');
const template = document.getElementById('time-row');

function chosenVenue() {
  const text = venue.value.trim().toLowerCase();
  if (!text) return null;
  const named = (option) => option.value.toLowerCase() === text || option.dataset.also.toLowerCase() === text;
  return options.find(named) || null;
}

function tellAboutVenue() {
  const help = document.getElementById('venue-help');
  const option = chosenVenue();
  help.textContent = option ? option.dataset.about : help.dataset.otherwise;
  tellAboutNeeds();
}

function tellAboutNeeds() {
  const option = chosenVenue();
  const has = option ? option.dataset.has.split(' ') : [];
  const needed = new Set(services.filter((box) => box.checked).flatMap((box) => box.dataset.needs.split(' ')));
  for (const line of form.querySelectorAll('[data-need]')) {
    const says = line.querySelector('small');
    const word = line.dataset.need;
    says.className = 'sub';
    if (!needed.has(word)) says.textContent = says.dataset.idle;
    else if (!option) says.textContent = '';
    else if (has.includes(word)) says.textContent = says.dataset.have;
    else { says.textContent = says.dataset.want; says.className = 't-warn'; }
  }
}

function tellSum() {
  const sum = document.getElementById('sum');
  const ticked = services.filter((box) => box.checked);
  sum.dataset.otherwise ??= sum.textContent;
  if (!ticked.length) { sum.textContent = sum.dataset.otherwise; return; }
  const longest = (values) => Math.max(...values.map(Number));
  sum.textContent = sum.dataset.sentence
    .replace('{session}', longest(ticked.map((box) => form.elements[`minutes-${box.value}`].value)))
    .replace('{setup}', longest(ticked.map((box) => box.dataset.setup)))
    .replace('{teardown}', longest(ticked.map((box) => box.dataset.teardown)));
}

function addRow(box) {
  const { day, half, opens, closes } = box.dataset;
  const words = { KEY: box.value, LABEL: `${day} ${half}`, OPENS: opens, CLOSES: closes };
  const row = template.content.firstElementChild.cloneNode(true);
  for (const element of [row, ...row.querySelectorAll('*')]) {
    for (const attribute of [...element.attributes]) {
      attribute.value = attribute.value.replace(/KEY|LABEL|OPENS|CLOSES/g, (word) => words[word]);
    }
  }
  row.querySelector('b').textContent = words.LABEL;
  const after = [...times.children].find((other) => other.dataset.key > box.value);
  times.insertBefore(row, after || null);
}

function tickTime(box) {
  const rows = [...times.children].filter((row) => row.dataset.key.startsWith(box.value));
  if (box.checked && !rows.length) addRow(box);
  if (!box.checked) rows.forEach((row) => row.remove());
  const panel = document.getElementById('times');
  panel.querySelector('.count').textContent = times.children.length;
  panel.querySelector('.empty').hidden = times.children.length > 0;
}

// The time left of a held slot; what happens at its end is the server's business.
function countDown() {
  const clock = form.querySelector('time[data-left]');
  if (!clock) return;
  const ends = Date.now() + Number(clock.dataset.left) * 1000;
  const hold = clock.closest('.hold');
  const tell = () => {
    const left = Math.max(0, Math.round((ends - Date.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
    if (left) return;
    clearInterval(ticking);
    hold.querySelector('b').textContent = hold.dataset.over;
  };
  const ticking = setInterval(tell, 1000);
  tell();
}

venue.addEventListener('input', tellAboutVenue);
form.addEventListener('change', (event) => {
  if (event.target.name === 'slot') tickTime(event.target);
  if (event.target.matches('[name="service"],[name^="minutes-"]')) { tellSum(); tellAboutNeeds(); }
});
tellAboutVenue();
tellSum();
countDown();
