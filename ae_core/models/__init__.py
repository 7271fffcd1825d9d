"""The parts that models are composed of, each kind of part a registry.

`networks.ARCHITECTURES`, `bottlenecks.BOTTLENECKS`, `corruptions.CORRUPTIONS`,
`penalties.PENALTIES`, `losses.LOSSES`, `presets.PRESETS`; `composition` says which fit which items.
"""
