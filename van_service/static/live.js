// On every page of the desk: says when somebody else has changed something, and when the line to the server is cut.
// Nothing on the page moves by itself, and nothing is sent while the line is cut: what was typed stays where it is.
'use strict';

(() => {
  const EVERY_MS = 3000;
  const place = document.getElementById('live');
  if (!place) return;
  const words = place.dataset;
  let cut = false;

  function say(text, kind) {
    place.hidden = !text;
    place.className = `note ${kind} live`;
    place.firstElementChild.textContent = text;
    place.querySelector('a').hidden = kind !== 'news';
  }

  function lose() {
    cut = true;
    say(words.cut, 'warn');
  }

  async function ask() {
    if (document.hidden && !cut) return;
    try {
      const answer = await fetch(words.live, {headers: {Accept: 'application/json'}, cache: 'no-store'});
      if (answer.redirected || answer.status === 401) { window.location.reload(); return; }
      if (!answer.ok) { lose(); return; }
      const found = await answer.json();
      cut = false;
      say(found.said, found.said ? 'news' : '');
    } catch {
      lose();
    }
  }

  document.addEventListener('submit', (event) => {
    if (!cut && navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say(words.kept, 'warn');
    place.scrollIntoView({block: 'nearest'});
  }, true);
  window.addEventListener('offline', lose);
  window.addEventListener('online', ask);
  document.addEventListener('visibilitychange', ask);
  setInterval(ask, EVERY_MS);
})();
