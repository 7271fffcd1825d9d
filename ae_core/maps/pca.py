"""PCA: the plane of largest variance."""

from ae_core.arrays import Floats
from ae_core.maps.map import Map
from ae_core.maps.method import MapMethod, MapSettings, OnPartial
from ae_core.maps.plane import plane_points
from ae_core.processes.progress import Progress


def fit_pca_map(
    codes: Floats, settings: MapSettings, on_progress: Progress, on_partial: OnPartial | None
) -> Map:
    """Points on the plane of largest variance, and the plane."""
    points, plane = plane_points(codes, settings.n_components)
    return Map(points, plane=plane)


PCA = MapMethod("PCA", fit_pca_map, is_linear=True)
