"use strict";
(function () {
  // Paper is narrower than most windows: 180 mm between the margins of A4, at 96 dots per inch.
  const PAPER_WIDTH = 680;
  const places = Array.from(document.querySelectorAll("[data-figure]"));

  for (const place of places) {
    const spec = JSON.parse(document.getElementById(place.dataset.figure).textContent);
    Plotly.newPlot(place, spec.data, spec.layout, { displayModeBar: false, responsive: true }).then(function () {
      place.dataset.drawn = "yes";
    });
  }

  window.addEventListener("beforeprint", function () {
    for (const place of places) Plotly.relayout(place, { width: PAPER_WIDTH });
  });
  window.addEventListener("afterprint", function () {
    for (const place of places) Plotly.relayout(place, { width: null, autosize: true });
  });
})();
