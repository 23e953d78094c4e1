// node score.js tool.json answers.json: scores a list of {question: code} in a line each.
const fs = require("fs");
const tool = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
function score(answers) {
  const scores = tool.components.log_weight.slice();
  for (const question of tool.questions) {
    const answer = answers[question.name];
    if (answer === null || answer === undefined) continue;
    const place = question.codes.indexOf(answer);
    if (place < 0) return { error: "unknown code of " + question.name };
    question.points[place].forEach((points, m) => { scores[m] += points; });
  }
  const largest = Math.max(...scores), shares = tool.segments.map(() => 0);
  scores.forEach((value, m) => { shares[tool.components.class_of[m]] += Math.exp(value - largest); });
  const total = shares.reduce((a, b) => a + b), found = shares.map((share) => share / total);
  const best = Math.max(...found) - tool.tie;
  return { probabilities: found, segment: tool.segments[found.findIndex((p) => p >= best)] };
}
for (const answers of JSON.parse(fs.readFileSync(process.argv[3], "utf8"))) console.log(JSON.stringify(score(answers)));
