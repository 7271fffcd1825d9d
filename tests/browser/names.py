"""Names that mean something in Markdown, to Streamlit or to CommonMark."""

NAMES = [
    "![i](http://picture.invalid/y.png) $x^2$ :red[a]",
    "[see](http://link.invalid) <b>bold</b> <http://link.invalid>",
    ":material/face: :material_face: :streamlit: :smile: :+1: :red :blue-badge[b]",
    "*a* **b** _c_ __d__ ~e~ ~~f~~ `g` ``h`` $$i$$ \\$j\\$ &copy; &#36;",
    "# not a heading",
    "- not a list",
    "1. not a list",
    "> not a quote",
    "---",
    "[^1] [x] | a | b |",
    "```![i](http://picture.invalid/y.png)`",
    "\\`![i](http://picture.invalid/y.png)` \\[i](j)",
    "http://a.invalid/b_c*d*`e` Www.b.invalid/c_d_ a_b@c_d.invalid mailto:a_b@c.invalid",
    "mean 10:30:15, a:b, 50 %, smile > 0.5, hair_style, don't",
]
