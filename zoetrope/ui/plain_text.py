"""Text that people have written, shown as it stands: Streamlit takes nearly all text for Markdown.

A name such as `![i](http://x/y.png)` would make the browser fetch that address, `[a](b)` hides what
it is, `$x^2$`, `:red[a]` and `:material/face:` turn into something else.
"""

import re

# The colon of http:// and the dot of www. too: in what begins a link backslashes would be shown.
_INLINE = re.compile(r"[\\`*_\[\]<$~&|]|:(?=[\w/])|(?<=www)\.", re.IGNORECASE)
_LINE_START = re.compile(r"^(\s*\d*)([#+=>.)-])", re.MULTILINE)
_CODE = re.compile(r"((?<!`)`[^`\n]+`(?!`))")
# Icons and emoji are looked for when the backslashes are gone: an invisible word joiner parts them
_ICON, _PARTED = re.compile(r":(?=[\w+-]+:|material/)"), ":\N{WORD JOINER}"


def as_written(name: object) -> str:
    """Markdown that shows a name, a value or a file's name as it is."""
    text = _INLINE.sub(r"\\\g<0>", _ICON.sub(_PARTED, str(name)))
    return _LINE_START.sub(r"\1\\\2", text)


def message(text: object) -> str:
    """Markdown that shows an error's words, which name things people wrote: only `code` is code."""
    parts = _CODE.split(str(text))
    parts[::2] = map(as_written, parts[::2])
    return "".join(parts)
