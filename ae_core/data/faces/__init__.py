"""The renderer of the embedded faces, whole, and the names of what it draws.

`portraits.render_faces` draws, `factors` says what can be drawn and how likely it is,
`vocabulary` what others may know of the names.
"""
