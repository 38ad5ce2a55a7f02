"""HTML that cannot be broken by what is put into it: text is escaped unless it is `Html`."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib import resources

_VOID = ("br", "hr", "img", "input", "link", "meta")


class Html(str):
    """Text that is markup already."""


def escaped(value) -> Html:
    """Returns markup: `Html` as it is, the items of a list one after the other, None as
    nothing, and anything else as escaped text."""
    if value is None:
        return Html()
    if isinstance(value, Html):
        return value
    if isinstance(value, list | tuple):
        return Html("".join(escaped(item) for item in value))
    return Html(html.escape(str(value)))


def tag(element: str, /, *children, **attributes) -> Html:
    """Returns an element.

    Args:
        element: Its name.
        *children: See `escaped`.
        **attributes: `class_` is `class`, `aria_sort` is `aria-sort`; True is a bare
            attribute, False and None are left out.
    """
    text = "".join(_attribute(key, value) for key, value in attributes.items())
    if element in _VOID:
        return Html(f"<{element}{text}>")
    return Html(f"<{element}{text}>{escaped(children)}</{element}>")


def _attribute(key: str, value) -> str:
    if value is None or value is False:
        return ""
    key = key.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{html.escape(str(value))}"'


def data_block(name: str, values) -> Html:
    """Returns values as JSON that a script of the page reads by its id.

    Args:
        name: The id.
        values: Plain data without NaN.
    """
    text = json.dumps(values, allow_nan=False, separators=(",", ":"))
    # No "<" at all: neither "</script" nor "<!--" can end the block or change its meaning.
    return tag("script", Html(text.replace("<", "\\u003c")), id=name, type="application/json")


def table(caption: str, header, rows, **attributes) -> Html:
    """Returns a table that scrolls sideways where it is too wide.

    Args:
        caption: What it shows.
        header: Names of the columns.
        rows: Sequences of cells; the first cell of each is the row's header.
        **attributes: Of the table.
    """
    head = tag("tr", [tag("th", name, scope="col") for name in header])
    body = [
        tag("tr", tag("th", row[0], scope="row"), [tag("td", cell) for cell in row[1:]])
        for row in rows
    ]
    inner = tag(
        "table", tag("caption", caption), tag("thead", head), tag("tbody", body), **attributes
    )
    return tag("div", inner, class_="scroll")


def page(title: str, body, script: str, kind: str) -> str:
    """Returns a whole document.

    Args:
        title: Text of the title.
        body: Its content.
        script: File in this folder that is put at its end; no other script can run.
        kind: Class of the main element, for the style.
    """
    code, style = _asset(script), _asset("style.css")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; "
        f"script-src '{_digest(code)}'; base-uri 'none'; form-action 'none'"
    )
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", Html(style)),
    ]
    content = tag("body", tag("main", body, class_=kind), tag("script", Html(code)))
    return f"<!DOCTYPE html>\n{tag('html', tag('head', head), content, lang='en')}\n"


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
