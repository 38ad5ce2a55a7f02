"""Reports in headless Chromium: sliders slide, tables sort, nothing is logged or asked for."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.trainers.report_pages import finding, score, write_findings, write_scores
from tests.trainers.test_report_overview import make_run
from trainers import pictures, report

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium that records its console and its requests."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("no Chromium with its driver: install the packages chromium, chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield made
    made.quit()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Three runs with pictures that differ, scores and a finding."""
    import numpy as np

    root = tmp_path_factory.mktemp("browser")
    for name, value in (("a", 20.0), ("b", 5.0), ("c", 100.0)):
        directory = make_run(root / name)
        write_scores(directory, [(500, score(2 * value)), (1500, score(value))])
    write_scores(root / "b", [(1500, score(5.0)), (1500, score(1.0, n_fake=9))])
    write_findings(root / "c", [finding(5, "<img src=http://example.invalid/x onerror=alert(1)>")])
    for step in (1, 10, 100):
        images = np.full((4, 28, 28, 1), step / 100 - 0.5)
        path = root / "a" / "samples" / f"step-{step:08d}.png"
        path.write_bytes(pictures.grid(images, columns=2))
    rows = [{"step": 50 * i, "d_loss": 1.0 / i, "g_loss": float(i)} for i in range(1, 31)]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    (root / "a" / "metrics.jsonl").write_text(lines)
    report.write_overview(root)
    return root


@pytest.fixture
def opened(browser, root):
    """Opens pages, and checks at the end that none logged or requested anything."""
    browser.get_log("browser"), browser.get_log("performance")

    def open_page(name):
        browser.get(f"file://{root / name}")
        return browser

    yield open_page
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requested = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert requested and all(url.startswith(("file://", "data:")) for url in requested)


def find(page, selector):
    return page.find_elements("css selector", selector)


def shown(page) -> str:
    """The caption of the one grid that is visible."""
    (grid,) = [figure for figure in find(page, "figure.grid") if figure.is_displayed()]
    (image,) = grid.find_elements("css selector", "img")
    assert page.execute_script("return arguments[0].naturalWidth", image) > 0
    return grid.find_element("css selector", "figcaption").text


def test_the_slider_moves_through_the_samples(opened):
    page = opened("a/report.html")
    assert shown(page) == "Step 1,500, after 96,000 images"
    (slider,) = find(page, "#time")
    assert slider.is_displayed()
    seen = []
    for _ in range(3):
        slider.send_keys("\ue012")  # left arrow
        seen.append((shown(page), slider.get_attribute("aria-valuetext")))
    assert [caption.split(",")[0] for caption, _ in seen] == ["Step 100", "Step 10", "Step 1"]
    assert all(caption == spoken for caption, spoken in seen)
    slider.send_keys("\ue010")  # end
    assert shown(page).startswith("Step 1,500")


def test_play_runs_to_the_newest_samples(opened, browser):
    from selenium.webdriver.support.ui import WebDriverWait

    page = opened("a/report.html")
    (button,) = find(page, "#play")
    button.click()
    assert shown(page).startswith("Step 1,") and button.text == "Stop"
    wait = WebDriverWait(browser, 20)
    wait.until(lambda _: button.text == "Play")
    assert shown(page).startswith("Step 1,500")


def test_curves_tell_the_values_at_the_cursor(opened):
    page = opened("a/report.html")
    (svg,), (readout,) = find(page, "#losses > svg"), find(page, "#losses > .readout")
    usual = readout.text
    assert usual == "step 1,500 · d_loss 0.03333 · g_loss 30"
    svg.send_keys("\ue011")  # home
    assert readout.text == "step 50 · d_loss 1 · g_loss 1"
    svg.send_keys("\ue014")  # right arrow
    assert readout.text == "step 100 · d_loss 0.5 · g_loss 2"
    page.execute_script("arguments[0].blur()", svg)
    assert readout.text == usual
    from selenium.webdriver import ActionChains

    ActionChains(page).move_to_element(svg).perform()
    step = int(readout.text.split(" ")[1].replace(",", ""))
    assert 650 <= step <= 950 and f"g_loss {step // 50}" in readout.text


def column(page, index):
    """(name of the run, value) in the order of the visible rows."""
    rows = [row for row in find(page, "#runs tbody tr") if row.is_displayed()]
    cells = [row.find_elements("css selector", "td, th") for row in rows]
    return [(c[1].text.split("\n")[0], c[index].get_attribute("data-value")) for c in cells]


def test_headers_sort_and_say_so(opened):
    page = opened("index.html")
    headers = find(page, "#runs thead th")
    names = [header.text.split("\n")[0].rstrip("↕ ") for header in headers]
    (index,) = [i for i, name in enumerate(names) if name == "proxy_fid[digits]a"]
    button = headers[index].find_element("css selector", "button")
    button.click()
    assert headers[index].get_attribute("aria-sort") == "ascending"
    assert [name for name, _ in column(page, index)] == ["b", "a", "c"]
    button.send_keys("\ue007")  # enter
    assert headers[index].get_attribute("aria-sort") == "descending"
    assert [name for name, _ in column(page, index)] == ["c", "a", "b"]
    # One run has a score of the other protocol: the rest come last both ways.
    headers[index + 1].find_element("css selector", "button").click()
    assert headers[index].get_attribute("aria-sort") == "none"
    assert column(page, index + 1)[0] == ("b", "1.0")
    headers[index + 1].find_element("css selector", "button").click()
    assert column(page, index + 1)[0] == ("b", "1.0")


def test_the_filter_keeps_the_rows_with_every_word(opened):
    page = opened("index.html")
    (box,), (count,) = find(page, "#filter"), find(page, "#count")
    assert count.text == "3 of 3 runs"
    box.send_keys("QUICKSTART conditional")
    assert count.text == "3 of 3 runs"
    box.send_keys(" nothing")
    assert count.text == "0 of 3 runs" and column(page, 1) == []


def test_text_of_a_run_stays_text(opened):
    page = opened("c/report.html")
    assert "<img src=http://example.invalid/x onerror=alert(1)>" in page.page_source.replace(
        "&lt;", "<"
    ).replace("&gt;", ">")
    assert find(page, "article img") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_and_fits_a_phone(opened, scheme):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    for name in ("a/report.html", "c/report.html", "index.html"):
        page = opened(name)
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        assert page.execute_script("return document.documentElement.scrollWidth") <= 360
        assert page.execute_script(CONTRAST) >= 4.5
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


# The smallest contrast of any text with the page, as WCAG 2 counts it.
CONTRAST = """
const light = (text) => {
  const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255).map(
    (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const paper = light(getComputedStyle(document.body).backgroundColor);
const texts = document.querySelectorAll("main *:not(svg *, [type=range]), main svg text");
return Math.min(...[...texts].map((element) => {
  const style = getComputedStyle(element);
  const ink = light(element.matches("text") ? style.fill : style.color);
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
}));
"""
