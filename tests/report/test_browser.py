"""The page in headless Chromium: figures are drawn, nothing overflows, nothing complains."""

import re
import shutil
import subprocess

import pytest

from segmodels.report.page import write

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
    "--virtual-time-budget=10000",
)
# The page in a frame of a phone's width, as headless Chromium has no window as narrow as that.
FRAME = """<!doctype html><title>waiting</title>
<iframe src="page.html" style="width:{width}px;height:3000px;border:0"></iframe>
<script>
const frame = document.querySelector("iframe");
frame.addEventListener("load", () => setTimeout(() => {{
  const page = frame.contentDocument;
  const wide = Array.from(page.querySelectorAll("main *")).filter((element) =>
    !element.closest(".scroll table") && !element.closest("svg") &&
    element.getBoundingClientRect().right > {width} + 1);
  const drawn = page.querySelectorAll("[data-drawn]").length;
  const svg = page.querySelectorAll("svg.main-svg").length;
  const beyond = Math.max(0, page.documentElement.scrollWidth - {width});
  document.title = [beyond, wide.length, drawn, svg > 0].join(" ");
}}, 2000));
</script>"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to look at the page with"),
]


def dump(path, profile):
    return subprocess.run(
        [
            CHROMIUM,
            *QUIET,
            f"--user-data-dir={profile}",
            "--window-size=1400,1000",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_drawn_and_fits(full_page, tmp_path, width):
    write(full_page, tmp_path / "page.html")
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.format(width=width))
    seen = dump(frame, tmp_path / "profile")
    title = re.search("<title>(.*?)</title>", seen.stdout)
    assert title is not None
    assert title[1] == "0 0 8 true"
    assert not re.findall(r"CONSOLE.*", seen.stderr)


def test_names_from_data_do_not_run(nasty_page, tmp_path):
    write(nasty_page, tmp_path / "page.html")
    seen = dump(tmp_path / "page.html", tmp_path / "profile")
    assert seen.stdout.count('data-drawn="yes"') == 8
    assert "<img" not in seen.stdout
    assert not re.findall(r"CONSOLE.*", seen.stderr)
