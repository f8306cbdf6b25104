"""A model's page for people: what it takes, what it answers, an example.  One file, no script,
nothing from elsewhere."""

from html import escape

import msgspec

from spyhop.bundle import Bundle
from spyhop.core.refusals import expected_value
from spyhop.openapi import openapi

# Whatever got into a name: nothing runs, nothing is fetched.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse } td, th { text-align: left; padding: .2rem 1rem .2rem 0 }
pre { background: #8881; padding: 1rem; overflow: auto } :root { color-scheme: light dark }
"""

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{name}</title>
<style>{style}</style>
<h1>{name}</h1>
<p>Version {version}, a {task} model. The whole interface: <a href="openapi.json">OpenAPI</a>.</p>
<h2>POST predict</h2>
<p>Send rows with these columns, by name or in this order, as JSON, JSON Lines, CSV or npy:</p>
<table><tr><th>column<th>kind<th>takes</tr>
{columns}
</table>
<h3>For example</h3>
<pre>{asked}</pre>
<h3>It answers</h3>
<pre>{answered}</pre>
</html>
"""


def docs_page(bundle: Bundle, most_rows: int) -> str:
    """Return the HTML page of the model in `bundle`."""
    post = openapi(bundle, most_rows)["paths"]["/predict"]["post"]
    columns = (
        f"<tr><td>{escape(c.name)}<td>{c.kind}<td>{escape(expected_value(c))}</tr>"
        for c in bundle.schema.columns
    )
    return _PAGE.format(
        style=_STYLE,
        name=escape(bundle.name),
        version=escape(bundle.version),
        task=bundle.answers.task,
        columns="\n".join(columns),
        asked=_example(post["requestBody"]["content"]),
        answered=_example(post["responses"]["200"]["content"]),
    )


def _example(content: dict[str, dict[str, object]]) -> str:
    encoded = msgspec.json.encode(content["application/json"]["example"])
    return escape(msgspec.json.format(encoded, indent=2).decode())
