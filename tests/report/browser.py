"""Headless Chromium, to look at pages."""

import re
import shutil
import subprocess

import pytest

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
<iframe src="{page}" style="width:{width}px;height:3000px;border:0"></iframe>
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

MARKS = [
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


def looked_at(page, folder, width):
    """Show a page in a frame of this width: what lies beyond it, how many figures were drawn, complaints."""
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(page=page.name, width=width))
    seen = dump(frame, folder / "profile")
    title = re.search("<title>(.*?)</title>", seen.stdout)
    assert title is not None
    return title[1], re.findall(r"CONSOLE.*", seen.stderr)
