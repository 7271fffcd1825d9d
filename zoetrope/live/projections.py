"""The one worker of this process that makes maps."""

from ae_core.maps.service import ProjectionService
from zoetrope.live.shared import process_wide


def service() -> ProjectionService:
    """The service; its worker starts with the first t-SNE or UMAP, or with `start()`."""
    return process_wide("projection service", ProjectionService)
