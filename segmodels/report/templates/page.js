"use strict";
(function () {
  // Paper is narrower than most windows: 180 mm between the margins of A4, at 96 dots per inch.
  const PAPER_WIDTH = 680;
  const places = Array.from(document.querySelectorAll("[data-figure]"));
  const phone = window.matchMedia("(max-width: 560px)");

  function draw(place) {
    // Plotly changes what it is given, so each drawing begins from the text.
    const spec = JSON.parse(document.getElementById(place.dataset.figure).textContent);
    const narrow = phone.matches && spec.layout.meta && spec.layout.meta.narrow;
    Plotly.newPlot(place, spec.data, spec.layout, { displayModeBar: false, responsive: true })
      .then(function () { return narrow ? Plotly.update(place, narrow.data, narrow.layout) : null; })
      .then(function () { place.dataset.drawn = "yes"; });
  }

  places.forEach(draw);
  phone.addEventListener("change", function () { places.forEach(draw); });

  window.addEventListener("beforeprint", function () {
    for (const place of places) Plotly.relayout(place, { width: PAPER_WIDTH });
  });
  window.addEventListener("afterprint", function () {
    for (const place of places) Plotly.relayout(place, { width: null, autosize: true });
  });
})();
