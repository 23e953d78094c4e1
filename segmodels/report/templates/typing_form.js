(function () {
  "use strict";
  const tool = JSON.parse(document.getElementById("scorer").textContent);
  const form = document.getElementById("questions");

  // Position of the code answered; -1 where the answer is missing.
  function position(question, code) {
    if (code === null || code === undefined) return -1;
    const place = question.codes.indexOf(code);
    if (place < 0) throw new Error("unknown code " + JSON.stringify(code) + " of " + question.name);
    return place;
  }

  function probabilities(positions) {
    const scores = tool.components.log_weight.map((weight, m) =>
      tool.questions.reduce(
        (sum, question, j) => (positions[j] < 0 ? sum : sum + question.points[positions[j]][m]), weight));
    const largest = scores.reduce((a, b) => Math.max(a, b));
    const shares = tool.segments.map(() => 0);
    scores.forEach((score, m) => { shares[tool.components.class_of[m]] += Math.exp(score - largest); });
    const total = shares.reduce((a, b) => a + b);
    return shares.map((share) => share / total);
  }

  function winner(shares) {
    const largest = shares.reduce((a, b) => Math.max(a, b));
    return shares.findIndex((share) => share >= largest - tool.tie);
  }

  function score(answers) {
    const known = tool.questions.map((question) => question.name);
    const strange = Object.keys(answers).find((name) => !known.includes(name));
    if (strange !== undefined) throw new Error("unknown question " + JSON.stringify(strange));
    const positions = tool.questions.map((question) =>
      position(question, Object.hasOwn(answers, question.name) ? answers[question.name] : null));
    const shares = probabilities(positions);
    return {
      segment: tool.segments[winner(shares)],
      probabilities: shares,
      answered: positions.filter((place) => place >= 0).length,
    };
  }

  function chosen() {
    return tool.questions.map((question, j) => {
      const value = form.elements["q" + j].value;
      return value === "" ? -1 : Number(value);
    });
  }

  function percent(share) {
    const shown = (100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0);
    return (Number(shown) === 0 && share > 0 ? "<0.1" : shown) + "%";
  }

  function show() {
    const positions = chosen();
    const shares = probabilities(positions);
    const best = winner(shares);
    const answered = positions.filter((place) => place >= 0).length;
    document.querySelectorAll("[data-segment]").forEach((row, k) => {
      row.classList.toggle("best", answered > 0 && k === best);
      row.querySelector(".share").textContent = percent(shares[k]);
      row.querySelector(".bar span").style.width = (100 * shares[k]).toFixed(2) + "%";
    });
    document.getElementById("verdict").textContent = answered === 0
      ? "No answer yet: these are the shares of the segments."
      : tool.segments[best] + ", with a probability of " + percent(shares[best]) + ". " +
        answered + " of " + positions.length + " questions answered.";
  }

  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  // The fields are reset after this event.
  form.addEventListener("reset", () => setTimeout(show, 0));
  document.getElementById("print").addEventListener("click", () => window.print());
  window.addEventListener("pageshow", show);
  window.typingTool = Object.freeze({ score: score });
  show();
})();
