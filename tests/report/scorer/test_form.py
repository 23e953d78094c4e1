"""The form in headless Chromium: every pattern scores as in Python, nothing nasty runs, and it fits a phone."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from segmodels.report.scorer import form

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
    "--virtual-time-budget=20000",
)
# The form in frames of a phone's and a desk's width. The page around it plays the visitor, and writes down what
# it saw as JSON.
VISITOR = """<!doctype html><meta charset="utf-8"><title>waiting</title>
<iframe src="form.html" style="width:390px;height:2000px;border:0"></iframe>
<iframe src="form.html" style="width:1280px;height:2000px;border:0"></iframe>
<pre id="seen"></pre>
<script type="application/json" id="asked">ASKED</script>
<script>
const asked = JSON.parse(document.getElementById("asked").textContent);
const attempt = (work) => { try { return work(); } catch (error) { return { error: error.message }; } };
function look(page) {
  const list = page.querySelectorAll("[data-segment]");
  return {
    verdict: page.getElementById("verdict").textContent,
    shares: Array.from(list, (row) => row.querySelector(".share").textContent),
    widths: Array.from(list, (row) => row.querySelector(".bar span").style.width),
    best: Array.from(list).findIndex((row) => row.classList.contains("best")),
  };
}
function click(page, places) {
  places.forEach((place, j) =>
    page.querySelector(`input[name=q${j}][value="${place < 0 ? "" : place}"]`).click());
  return look(page);
}
function fits(page, width) {
  const wide = Array.from(page.querySelectorAll("body *")).filter((element) =>
    !element.matches(".skip") && element.getBoundingClientRect().right > width + 1);
  return [Math.max(0, page.documentElement.scrollWidth - width), wide.map((element) => element.outerHTML)];
}
window.addEventListener("load", () => setTimeout(() => {
  const [phone, desk] = Array.from(document.querySelectorAll("iframe"));
  const page = phone.contentDocument, tool = phone.contentWindow.typingTool;
  const seen = { start: look(page) };
  seen.scores = asked.answers.map((answers) => attempt(() => tool.score(answers)));
  seen.clicks = asked.clicks.map((places) => click(page, places));
  seen.fits = [fits(page, 390), fits(desk.contentDocument, 1280)];
  seen.images = page.querySelectorAll("img").length;
  seen.scripts = page.querySelectorAll("script").length;
  seen.small = Array.from(page.querySelectorAll("label, button"))
    .filter((element) => element.getBoundingClientRect().height < 44).length;
  page.querySelector("button[type=reset]").click();
  setTimeout(() => {
    seen.reset = look(page);
    document.getElementById("seen").textContent = JSON.stringify(seen);
  }, 500);
}, 1000));
</script>"""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to fill in the form with")


def unknown(answers):
    """Answers that must be refused, and a part of the message each."""
    first, second, third, _ = answers[-1]
    return [
        ({first: "It's"}, "unknown code"),
        ({second: "1"}, "unknown code"),
        ({second: 4}, "unknown code"),
        ({third: 1}, "unknown code"),
        ({"no such question": 1}, "unknown question"),
        ({"toString": 1}, "unknown question"),
    ]


@pytest.fixture(scope="module")
def clicked(patterns):
    """Some patterns for the visitor to click."""
    return patterns[np.random.default_rng(3).permutation(len(patterns))[:25]]


@pytest.fixture(scope="module")
def visit(tool, answers, clicked, tmp_path_factory):
    """What the visitor saw, and what the browser complained of."""
    folder = tmp_path_factory.mktemp("form")
    form.write(tool, folder / "form.html", title="Who <b>are</b> you?", introduction="Say & see.")
    asked = {
        "answers": [*answers, *(each for each, _ in unknown(answers))],
        "clicks": clicked.tolist(),
    }
    text = json.dumps(asked).replace("<", "\\u003c")
    (folder / "visitor.html").write_text(VISITOR.replace("ASKED", text), encoding="utf-8")
    command = [CHROMIUM, *QUIET, f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000"]
    seen = subprocess.run(
        [*command, "--dump-dom", (folder / "visitor.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = re.search(r'<pre id="seen">(.*?)</pre>', seen.stdout, re.DOTALL)
    assert found is not None
    return json.loads(html.unescape(found[1])), re.findall(r"CONSOLE.*", seen.stderr)


@needs_chromium
def test_every_pattern_scores_as_in_python(visit, answers, expected):
    seen, complaints = visit
    probabilities, segments = expected
    scores = seen["scores"][: len(answers)]
    assert np.array([each["probabilities"] for each in scores]) == pytest.approx(probabilities, abs=1e-12)
    assert [each["segment"] for each in scores] == segments
    counts = [sum(code is not None for code in row.values()) for row in answers]
    assert [each["answered"] for each in scores] == counts
    assert not complaints


@needs_chromium
def test_unknown_codes_and_questions_are_refused(visit, answers):
    seen, _ = visit
    refused = seen["scores"][len(answers) :]
    assert len(refused) == 6
    for each, (_, message) in zip(refused, unknown(answers), strict=True):
        assert message in each["error"]


@needs_chromium
def test_clicking_shows_the_probabilities(visit, tool, clicked):
    seen, _ = visit
    for places, shown in zip(clicked, seen["clicks"], strict=True):
        (posterior,) = tool.posterior(places[None])
        best = int(tool.place(posterior[None])[0])
        answered = int((places >= 0).sum())
        widths = [float(width.rstrip("%")) for width in shown["widths"]]
        assert widths == pytest.approx(100 * posterior, abs=0.01)
        for text, share in zip(shown["shares"], posterior, strict=True):
            value = 0.05 if text == "<0.1%" else float(text.rstrip("%"))
            assert value == pytest.approx(100 * share, abs=0.51)
        if answered:
            assert shown["best"] == best
            assert shown["verdict"].startswith(f"{tool.names[best]}, with a probability of ")
            assert shown["verdict"].endswith(f"{answered} of 4 questions answered.")
        else:
            assert shown["best"] == -1
            assert shown["verdict"].startswith("No answer yet")


@needs_chromium
def test_before_the_first_answer_and_after_a_reset_it_shows_the_shares(visit, tool):
    seen, _ = visit
    widths = [float(width.rstrip("%")) for width in seen["start"]["widths"]]
    assert widths == pytest.approx(100 * tool.components.class_shares, abs=0.01)
    assert seen["start"] == seen["reset"]
    assert seen["clicks"][-1] != seen["reset"]


@needs_chromium
def test_it_fits_a_phone_and_a_desk_and_fingers(visit):
    seen, _ = visit
    assert seen["fits"] == [[0, []], [0, []]]
    assert seen["small"] == 0


@needs_chromium
def test_nothing_nasty_runs(visit):
    seen, complaints = visit
    assert seen["images"] == 0
    assert seen["scripts"] == 2
    assert not complaints


def test_the_form_stands_on_its_own_and_is_labelled(tool):
    page = form.render(tool, title="</title><script>alert(3)</script>")
    assert not re.search(r"(src|href)=\"(?!#)", page)
    assert page.count("<script") == 2
    assert "alert(3)</script>" not in page
    assert page.count("<fieldset") == page.count("<legend>") == 4
    inputs = re.findall(r"<input[^>]*>", page)
    assert len(inputs) == page.count("<label") == sum(q.size + 1 for q in tool.questions)
    assert page.count(" checked") == 4
    assert 'role="status"' in page
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', page)[1]
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]+'$", html.unescape(policy))


def test_writing_is_whole(tool, tmp_path):
    path = form.write(tool, tmp_path / "form.html")
    assert path.read_text(encoding="utf-8") == form.render(tool)
    assert [entry.name for entry in tmp_path.iterdir()] == ["form.html"]
