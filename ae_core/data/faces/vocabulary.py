"""What questions about faces are called, here and in other data sets of faces.

The only place outside the renderer that knows attributes by name: what pages open with and give as
examples, where the data has such attributes.
"""

ALIASES: dict[str, tuple[str, ...]] = {
    "glasses": ("eyeglasses",),
    "eyeglasses": ("glasses",),
    "man": ("male", "not woman"),
    "woman": ("not male",),
    "smile": ("smiling",),
    "hat": ("wearing_hat",),
}
"""What people type, for data sets that name it otherwise (CelebA); used only for unknown words."""

OPENING_SUM = ("glasses and man", "man and not glasses", "woman and not glasses")
"""Algebra's opening sum: an item of the first, minus the second, plus the third."""

OPENING_ITEM = (
    "glasses = round and man and not (beard or moustache) and hair_style = parted "
    "and smile > 0.2 and eye_open > 0.5"
)
"""Whom to open with among drawn faces: nothing else of his face goes with being a man."""

OPENING_DIRECTIONS = ("glasses", "Eyeglasses")
"""Attributes worth opening a direction with, whichever the data has."""

OFTEN_HELD_FIXED = ("woman", "Male")
"""Attributes that often go with others, and are then to be held fixed."""

EXAMPLE_SEARCHES = ("glasses and woman", "smile > 0.5")
"""Searches to show as an example, where the data can answer them."""
