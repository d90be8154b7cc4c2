"""A real browser at the operator's pages: Debian's chromium, driven by Selenium, looked at by axe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
SHOTS = Path("out/browser")
SECONDS = 15
# What a person with a screen reader, a keyboard or weak eyes would stumble over; "minor" is looked at, too.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Browser:
    """One window. Screenshots are kept under out/browser, by name."""

    def __init__(self, home: str) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in (
            *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900"),
            *("--disable-background-networking", "--no-first-run", "--disable-component-update"),
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.home = home
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        SHOTS.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """End the browser."""
        self.driver.quit()

    def open(self, path: str) -> None:
        """Type an address."""
        self.driver.get(f"{self.home}{path}")

    def find(self, css: str) -> WebElement:
        """The element; waits until it is there."""
        found: WebElement = self._wait().until(lambda d: d.find_element(By.CSS_SELECTOR, css))
        return found

    def click(self, text: str) -> None:
        """Click the link or button with this text."""
        path = f"//*[self::a or self::button or self::summary][contains(normalize-space(.), '{text}')]"
        self._wait().until(lambda d: d.find_element(By.XPATH, path)).click()

    def heading(self, text: str) -> None:
        """Wait until the page has this heading."""
        self._wait().until(lambda d: text in d.find_element(By.TAG_NAME, "h1").text)

    def reads(self, text: str) -> None:
        """Wait until this can be read on the page."""
        self._wait().until(lambda d: text in d.find_element(By.TAG_NAME, "body").text)

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        width = self.driver.execute_script("return window.innerWidth")
        screen = {"width": width, "height": max(height, 600), "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.driver.save_screenshot(str(SHOTS / f"{name}.png"))
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def dress(self, *, dark: bool) -> None:
        """Show the pages as a person's system has them."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def look(self, name: str) -> None:
        """Keep a picture, and let axe find what people would stumble over: nothing may be there."""
        self.shoot(name)
        self.driver.execute_script(AXE)
        found: dict[str, Any] = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}}).then(done, e => done({error: '' + e}));",
            RULES,
        )
        assert "violations" in found, found
        stumbles = [
            f"{each['impact']} {each['id']}: {node['html'][:160]}"
            for each in found["violations"]
            for node in each["nodes"]
        ]
        assert stumbles == [], f"{name}: {stumbles}"

    def press(self, *keys: str) -> None:
        """Press keys, whatever has the focus."""
        for key in keys:
            webdriver.ActionChains(self.driver).send_keys(key).perform()

    def tab_to(self, text: str, most: int = 40) -> None:
        """Press Tab until the thing with this text or label has the focus; it must be seen to have it."""
        for _ in range(most):
            self.press(Keys.TAB)
            said, outline = self.driver.execute_script(
                "const e = document.activeElement;"
                "const label = e.labels && e.labels.length ? e.labels[0].textContent : '';"
                "const text = e.matches('a, button, summary, input') ? e.textContent : '';"
                "return [(e.getAttribute('aria-label') || label || text).trim(),"
                " getComputedStyle(e).outlineStyle + getComputedStyle(e).boxShadow];"
            )
            if text in said:
                assert outline != "nonenone", f"nobody sees that {text} has the focus"
                return
        raise AssertionError(f"Tab does not reach {text}")

    def _wait(self) -> WebDriverWait[webdriver.Chrome]:
        # A page that goes while it is looked at is looked at again.
        return WebDriverWait(self.driver, SECONDS, ignored_exceptions=[StaleElementReferenceException])

    def complaints(self) -> list[str]:
        """What the browser itself complained about, such as what the pages' own policy forbids."""
        return [each["message"] for each in self.driver.get_log("browser")]
