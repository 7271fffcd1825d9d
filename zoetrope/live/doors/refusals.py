"""What a route refuses, and with which HTTP status."""


class RefusedError(Exception):
    """A request that cannot be answered: HTTP status and what to tell."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
