"""The one worker of this process that makes maps."""

from ae_core.projection_service import ProjectionService
from live.shared import process_wide


def service() -> ProjectionService:
    """The service; its worker starts with the first t-SNE or UMAP, or with `start()`."""
    return process_wide("projection service", ProjectionService)
