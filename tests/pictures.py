"""Pictures for tests: stored ones as floats and back."""

import numpy as np
import pandas as pd
from torch import Tensor

from ae_core.data.items import Picture
from ae_core.data.store import DataSet, make_data_set


def as_floats(items: np.ndarray) -> Tensor:
    """uint8 (N, C, H, W) as the float32 in [0, 1] that codecs take."""
    return Picture.of(items).floats(items)


def data_set_of(items: np.ndarray) -> DataSet:
    """A data set in memory of these pictures, uint8 (N, C, H, W), without attributes."""
    attributes = pd.DataFrame(index=range(len(items)))
    return make_data_set("pictures", items, Picture.of(items), attributes, title="Pictures")
