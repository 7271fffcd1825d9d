"""Maps of codes: how they are made, compared, measured and kept.

- `projection`: `make_map`, `project`; settings, keys, and `METHODS`, the registry.
- `pca`, `tsne`, `umap`: one file a method. A new one is such a file and an entry in `METHODS`;
  `method` says what it must hold.
- `map`: what a map is, and how it lies on disk; `plane`: the plane of a PCA map.
- `joining`: maps of many items are fitted on some of them, which the rest join.
- `quality`: how far to trust a map; `pairs`, `alignment`: one map laid over another.
- `item_columns`: numbers that a map is coloured by; `pixel_codes`: items themselves as codes.
- `service`, `worker`: maps are made in one warm process beside the server.
"""

__all__ = [
    "alignment",
    "item_columns",
    "joining",
    "map",
    "pairs",
    "pixel_codes",
    "plane",
    "projection",
    "quality",
    "service",
]
