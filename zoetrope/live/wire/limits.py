"""Every limit of the entrance, the live socket and the binary routes: what a stranger may cost.

Sizes are in bytes where a size is meant, whatever the kind of item; counts bound work that bytes do
not show. Enforced where the name is used; tabulated in `docs/formats.md`.
"""

from dataclasses import dataclass

# The entrance: every request -----------------------------------------------------------------

# 600 items of seven digits, each with its comma as %2C, and a token.
MAX_QUERY_BYTES = 8192
# A name of 64 characters takes four times three bytes each, and an address may have two.
MAX_PATH_BYTES = 2048
# All sockets, the pages' too: below the 1,024 files that a process may have open where the system
# lets it have no more.
MAX_SOCKETS = 800
# A page's own socket carries the state of its widgets: of a million items one bit each.
MAX_PAGE_MESSAGE_BYTES = 1 << 20

# Files of Streamlit's uploader, which lie in memory: pictures of `server.maxUploadSize` each.
MAX_PAGE_UPLOADS = 4
MAX_KEPT_UPLOAD_BYTES = 256 << 20

# Frames of the socket ------------------------------------------------------------------------

MAX_REQUEST_BYTES = 1 << 20
# Items of one answer before they are packed: 85 pictures of 256 x 256 in colour, or 256 rows of
# 16,384 numbers.
MAX_ANSWER_BYTES = 16 << 20
# One a codec; an answer may have twice as many, since gauges are parts of their own.
MAX_PARTS = 8
# Rows of all parts of a request together: how long a decode may take.
MAX_ROWS = 256
MAX_CHANNELS = 4

# Texts of the socket -------------------------------------------------------------------------

# Before the token is checked: the hello has so much time and bytes, and of so many sockets that
# have not said it the one that has waited longest is closed.
HELLO_TIMEOUT_S = 10.0
MAX_HELLO_BYTES = 8192
MAX_SOCKETS_WITHOUT_HELLO = 64
MAX_TEXT_BYTES = 16_384
MAX_KEY_CHARACTERS = 128
MAX_GAUGES = 16
MAX_GAUGE_NAME_CHARACTERS = 64

# Connections ---------------------------------------------------------------------------------

MAX_CONNECTIONS = 400
MAX_CONNECTIONS_OF_A_SESSION = 24
MESSAGES_PER_S = 240.0
MESSAGES_AT_ONCE = 480.0
# After so many refusals with no valid request between them, a connection is closed.
MAX_REFUSALS = 1000
# Answers that wait for a client that does not read; older ones are dropped beyond it.
MAX_UNSENT_BYTES = 2 * MAX_ANSWER_BYTES

# Binary routes -------------------------------------------------------------------------------


@dataclass(frozen=True)
class RouteLimit:
    """How often one session may ask for one kind of thing; refused is what goes beyond.

    Attributes:
        at_once: Requests under way; a browser has at most 6 at once to one server.
        per_s: Requests a second in the long run.
        burst: Requests without a pause.
        is_scan: Whether it looks at every code: scans take turns, whoever asks.
    """

    at_once: int
    per_s: float
    burst: int
    is_scan: bool = False


# A pointer on the map asks for a code and a picture with each item it passes, one at a time: as
# many a second as a fast screen has frames. What needs no token is counted by the client's
# address, which a class behind a proxy may share.
ROUTE_LIMITS = {
    "plotly": RouteLimit(64, 16, 128),
    "points": RouteLimit(4, 4, 24),
    "derived": RouteLimit(4, 4, 24),
    "attributes": RouteLimit(4, 8, 48),
    "codes": RouteLimit(6, 150, 300),
    "pictures": RouteLimit(6, 150, 300),
    "item": RouteLimit(6, 30, 60),
    "neighbours": RouteLimit(2, 4, 12, is_scan=True),
}
# Threads of all these routes together; scans have one of their own.
ROUTE_THREADS = 2
# Requests of everybody that wait for a thread, or are computed.
MAX_ROUTE_REQUESTS = 64
MAX_SCANS = 32  # a class that clicks at the same time
# Answers of everybody that are being sent, and how long a reader may take for one block.
MAX_ROUTE_ANSWERS = 256
BLOCK_TIMEOUT_S = 30.0
# Read, drawn and sent at a time: what one answer takes in memory, whatever its size.
BLOCK_BYTES = 1 << 20
MAX_ITEMS = 600
MAX_NEIGHBOURS = 100
MAX_PIXEL_BYTES = 16 << 20
MAX_SIDE_PX = 1024
MAX_CODES_BYTES = 128 << 20
