"""Every limit of the live socket and the binary routes: what a stranger may cost this server.

Sizes are in bytes where a size is meant, whatever the kind of item; counts bound work that bytes do
not show. Enforced where the name is used; tabulated in `docs/formats.md`.
"""

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

HELLO_TIMEOUT_S = 10.0
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

MAX_ITEMS = 600
MAX_NEIGHBOURS = 100
MAX_PIXEL_BYTES = 16 << 20
MAX_CODES_BYTES = 128 << 20
