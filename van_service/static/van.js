// On every page. Refinements only: each page works without them.
'use strict';

// A form marked data-guard is sent once, however often its button is pressed.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.hasAttribute('data-guard')) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = 'yes';
});
window.addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});

// A button marked data-print opens the browser's own print dialogue.
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-print]')) window.print();
});
