// Copies the address of a calendar. Where the clipboard is closed (plain http in an office) the old command does it.
'use strict';

for (const button of document.querySelectorAll('button[data-copy]')) {
  const field = document.getElementById(button.dataset.copy);
  const said = document.getElementById(`${button.dataset.copy}-copied`);
  button.hidden = false;
  button.addEventListener('click', async () => {
    field.focus();
    field.select();
    let copied = false;
    try {
      await navigator.clipboard.writeText(field.value);
      copied = true;
    } catch {
      copied = document.execCommand('copy');
    }
    said.textContent = copied ? button.dataset.done : '';
  });
}
