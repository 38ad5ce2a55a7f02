"""What the tests of reports share: a reader of pages, and files as a run writes them."""

from __future__ import annotations

import json
from html.parser import HTMLParser

from tfgan_models.metrics.protocol import Protocol, Score

VOID = {"br", "hr", "img", "input", "link", "meta"}


class Page(HTMLParser):
    """Reads a page; it is sound where `problems` is empty."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.texts: dict[str, list[str]] = {}
        self.problems: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.problems += [f"{name} is not closed" for name in self._open]
        ids = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        self.problems += [f"id {name} is not unique" for name in set(ids) if ids.count(name) > 1]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        for name, value in attrs:
            if name in ("src", "href") and not (value or "").startswith(("data:", "#", "./", "..")):
                self.problems.append(f"{tag} {name}={value}")
            if name.startswith("on") or name == "style":
                self.problems.append(f"{tag} has {name}")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if not self._open or self._open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_data(self, data):
        for name in set(self._open):
            self.texts.setdefault(name, []).append(data)

    def all(self, tag: str, **attributes) -> list[dict]:
        """Attributes of the elements of a name with these attributes."""
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(k.rstrip("_")) == v for k, v in attributes.items())
        ]

    def text(self, tag: str = "main") -> str:
        """All text inside elements of a name."""
        return "".join(self.texts.get(tag, []))


def score(value: float, better="low", metric="frechet_distance", **protocol) -> Score:
    """A score as an evaluation makes it, with an interval of 10 % each way."""
    values = {
        "metric": metric,
        "network": "digits",
        "network_digest": "0123456789abcdef",
        "resize": "none",
        "image_shape": (28, 28, 1),
        "n_real": 1000,
        "n_fake": 1000,
        "reference": "embedded:digits",
        "reference_digest": "fedcba9876543210",
        "version": "0.1.0",
        **protocol,
    }
    return Score(value, Protocol(**values), better, 0.9 * value, 1.1 * value)


def write_scores(workdir, scores) -> None:
    """Writes scores.jsonl from pairs of step and score."""
    lines = [json.dumps({"step": step, **one.to_dict()}) for step, one in scores]
    (workdir / "scores.jsonl").write_text("".join(f"{line}\n" for line in lines))


def finding(step: int, name: str, state="found", severity="warning", **more) -> dict:
    """A row of doctor.jsonl."""
    return {
        "step": step,
        "name": name,
        "title": f"Title of {name}",
        "value": 0.25,
        "limit": 0.5,
        "message": f"{name} is 0.25 (limit 0.5).",
        "meaning": f"Meaning of {name}.",
        "suggestion": "--set=compile.augment=ada",
        "severity": severity,
        "state": state,
        "because_of": None,
        **more,
    }


def write_findings(workdir, rows) -> None:
    """Writes doctor.jsonl."""
    (workdir / "doctor.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
