"""Zoetrope's web half: pages, live controls, shipped checkpoints. The library is `ae_core`."""
