// The map of a day's tours, on a plain backdrop; tiles only where the page names an address for them.
// Colours come from the stylesheet, so that the map follows light and dark.
'use strict';

(() => {
  const text = (words) => {
    const span = document.createElement('span');
    span.textContent = words;
    return span;
  };
  const icon = (className, words, size) => L.divIcon({
    className, html: text(words), iconSize: [size, size], iconAnchor: [size / 2, size / 2],
  });
  const tip = (marker, words) => marker.bindTooltip(text(words), {direction: 'top', offset: [0, -8]});

  function drawTour(map, tour) {
    const look = tour.number % 2 ? 'a' : 'b';
    const way = [tour.depot.at, ...tour.stops.map((stop) => stop.at), tour.depot.at];
    L.polyline(way, {className: 'map-halo', interactive: false}).addTo(map);
    L.polyline(way, {className: `map-tour ${look}`, interactive: false}).addTo(map);
    tour.stops.forEach((stop, index) => {
      const marker = L.marker(stop.at, {
        icon: icon(`map-stop ${look}`, String(index + 1), 20),
        title: `${tour.van} ${index + 1}. ${stop.time} ${stop.name} (${stop.kind})`,
        zIndexOffset: 500,
      });
      tip(marker, `${stop.time} ${stop.name} · ${stop.kind}`).addTo(map);
    });
    L.marker(tour.depot.at, {icon: icon('map-depot', '', 12), interactive: false, keyboard: false}).addTo(map);
  }

  function draw(box) {
    const data = JSON.parse(box.dataset.map);
    const tiles = box.dataset.tiles;
    const map = L.map(box, {
      scrollWheelZoom: false, zoomSnap: 0.25, zoomControl: false, attributionControl: Boolean(tiles),
    });
    L.control.zoom({zoomInTitle: box.dataset.zoomIn, zoomOutTitle: box.dataset.zoomOut}).addTo(map);
    if (tiles) {
      L.tileLayer(tiles, {attribution: box.dataset.attribution}).addTo(map);
    } else if (data.land.length) {
      L.polygon(data.land, {className: 'map-land', interactive: false}).addTo(map);
    }
    for (const town of data.towns) {
      L.marker(town.at, {icon: icon('map-town', town.name, 0), interactive: false, keyboard: false}).addTo(map);
    }
    for (const open of data.unserved) {
      tip(L.circleMarker(open.at, {radius: 4, className: 'map-open'}), `${open.name} · ${open.kind}`).addTo(map);
    }
    for (const tour of data.tours) drawTour(map, tour);
    const points = [...data.land, ...data.towns.map((town) => town.at)];
    if (points.length) map.fitBounds(points, {padding: [4, 4]});
    else map.setView([30.92, 121.55], 10);
  }

  document.addEventListener('DOMContentLoaded', () => document.querySelectorAll('.mapbox').forEach(draw));
})();
