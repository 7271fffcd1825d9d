"""Moving codes with a meaning, and how far to trust the result.

- `paths`: from code to code, straight, spherical, or through the data.
- `directions`: vectors with a meaning in code space; `direction_quality`: how far to trust one.
- `probes`: attributes read off codes.
- `sums`: "this item - those + these", as text, as terms, as codes; `matching`: pairs most alike.
- `support`: how near a code is to codes of real items.
- `animation`: frames of a path as GIF, WebP or MP4.
"""

__all__ = [
    "animation",
    "direction_quality",
    "directions",
    "matching",
    "paths",
    "probes",
    "sums",
    "support",
]
