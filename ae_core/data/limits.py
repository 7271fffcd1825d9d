"""Every limit of what a person adds: what a file may cost the machine, whatever it says of itself.

Sizes are in bytes. Tabulated in docs/formats.md.
"""

# Data sets -----------------------------------------------------------------------------------

SMALLEST_SIDE, LARGEST_SIDE = 8, 128
MIN_ITEMS = 20
MAX_ITEMS = 1_000_000
MAX_DATA_SET_BYTES = 48 * 2**30
# Left free of a disk: runs and other people's work write there too.
RESERVE_BYTES = 256 * 2**20

# Uploads -------------------------------------------------------------------------------------

MAX_UPLOAD_BYTES = 2_000 * 2**20
MAX_UPLOADS_AT_ONCE = 8
# A MiB must arrive within this time: who sends less keeps a place from others.
UPLOAD_MIB_S = 60.0

# Archives ------------------------------------------------------------------------------------

# Its list of files: that of about 200,000 with names as usual. `zipfile` keeps up to a kilobyte
# of memory for each.
MAX_LIST_BYTES = 16 * 2**20
MAX_NAME_BYTES = 1024
MAX_UNPACKED_BYTES = 256 * 2**30
# Unpacked bytes to bytes of the archive, once so many were unpacked.
MAX_RATIO = 200
RATIO_FROM_BYTES = 256 * 2**20

# Arrays and attributes -----------------------------------------------------------------------

MAX_ARRAYS = 1_000
MAX_HEADER_BYTES = 10_000  # NumPy's own limit
MAX_TEXT_CHARACTERS = 2**20
# Of all attributes together, as they are kept in memory.
MAX_ATTRIBUTE_BYTES = 128 * 2**20
# Of a metadata.csv.
MAX_TABLE_BYTES = 128 * 2**20
MAX_COLUMNS = 1_000
MAX_CELLS = 10_000_000
MAX_ROW_CHARACTERS = 2**20

# Pictures ------------------------------------------------------------------------------------

MAX_PICTURE_BYTES = 64 * 2**20
MAX_PICTURE_PIXELS = 50_000_000
# Memory that a format's reader may take for one picture.
MAX_DECODING_BYTES = 256 * 2**20
# A progressive JPEG is read whole once a pass; cameras and programs write about ten. These take a
# second.
MAX_JPEG_PASSES_X_PIXELS = 1_000_000_000
