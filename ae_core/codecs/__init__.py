"""Codecs: what turns items into codes and back, and everything about one codec.

`codec.Codec` is the interface; `kinds.CODECS` the registry of kinds. `checkpoints` lists, opens and
saves codecs on disk, `partner` is the PCA beside one, `codes` the codes of a data set,
`comparison` and `metrics` what a codec is worth, `cards` its `card.md`. Torch is imported only by
`codec`, `autoencoder`, `pca`, `weights` and `metrics`.
"""
