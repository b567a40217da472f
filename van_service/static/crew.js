// The crew's phone: ticks of what is loaded are kept on this phone; plus and minus beside numbers; more sample lines.
// Works without it: numbers can be typed, and the server adds lines.
'use strict';

function keepKit(kit) {
  const boxes = [...kit.querySelectorAll('input')];
  const told = document.getElementById('loaded');
  const name = (box) => `kit:${kit.dataset.kit}:${box.value}`;
  const tell = () => {
    const done = boxes.filter((box) => box.checked).length;
    told.textContent = told.dataset.sentence.replace('{done}', done).replace('{all}', boxes.length);
  };
  for (const box of boxes) {
    box.checked = localStorage.getItem(name(box)) === 'loaded';
    box.addEventListener('change', () => {
      if (box.checked) localStorage.setItem(name(box), 'loaded');
      else localStorage.removeItem(name(box));
      tell();
    });
  }
  tell();
}

function addStepper(holder) {
  const input = holder.querySelector('input');
  const button = (sign, step) => {
    const made = document.createElement('button');
    made.type = 'button';
    made.textContent = sign;
    made.setAttribute('aria-label', `${holder.dataset.stepper} ${sign}1`);
    made.addEventListener('click', () => { input.value = Math.max(0, (Number(input.value) || 0) + step); });
    return made;
  };
  holder.prepend(button('−', -1));
  holder.append(button('+', 1));
  holder.classList.add('live');
}

function letSamplesGrow(samples) {
  const template = document.getElementById('sample-row');
  const rows = samples.querySelector('input[name="rows"]');
  const list = samples.querySelector('ol');
  samples.querySelector('button[value="add"]').addEventListener('click', (event) => {
    event.preventDefault();
    const index = Number(rows.value);
    const row = template.content.firstElementChild.cloneNode(true);
    for (const element of [row, ...row.querySelectorAll('*')]) {
      for (const attribute of [...element.attributes]) attribute.value = attribute.value.replace(/INDEX/g, index);
    }
    const label = row.querySelector('.label b');
    label.textContent = label.textContent.replace('NUMBER', index + 1);
    list.append(row);
    rows.value = index + 1;
    row.querySelector('input').focus();
  });
}

document.querySelectorAll('[data-kit]').forEach(keepKit);
document.querySelectorAll('[data-stepper]').forEach(addStepper);
document.querySelectorAll('.samples').forEach(letSamplesGrow);
