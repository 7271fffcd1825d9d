"""The kept groups of the data that a page shows, also those kept before the whole set was there."""

from ae_core.data.catalogue import N_PREVIEW, is_embedded
from ae_core.data.groups import KeptGroups, adopt_groups, read_groups
from ae_core.data.store import DataSet


def read(data_set: DataSet) -> KeptGroups:
    """All that is kept of the groups of a data set.

    Raises:
        GroupError: The file as a whole cannot be read.
    """
    about, n_items = data_set.about, len(data_set.items)
    if is_embedded(about.name) and n_items > N_PREVIEW:
        before = _fingerprint_of_preview(about.fingerprint, data_set)
        adopt_groups(about.name, before, about.fingerprint, n_items)
    return read_groups(about.name, about.fingerprint, n_items)


_BEFORE: dict[str, str] = {}


def _fingerprint_of_preview(fingerprint: str, data_set: DataSet) -> str:
    if fingerprint not in _BEFORE:
        _BEFORE[fingerprint] = data_set.head(N_PREVIEW).about.fingerprint
    return _BEFORE[fingerprint]
