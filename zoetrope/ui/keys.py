"""Every name under which the address or the session holds something, of all pages.

The address is what a person can share, so its names stay as they are. A widget's own key stands
beside the widget, unless something else reads it; components keep theirs (`zoetrope.live`).
"""

# ------------------------------------------------------------------------ in the address
DATA, CHECKPOINT, PRESENT = "data", "checkpoint", "present"

# Explore. A map's settings are there under their own names, such as "perplexity".
METHOD, N_AXES, SOURCE, EPOCH = "method", "axes", "of", "epoch"
COLOUR, FIND = "colour", "find"
BESIDE, BESIDE_EPOCH, MOVEMENT = "beside", "beside_epoch", "movement"

# ------------------------------------------------------------------------ in the session
KEPT = "kept_{}"  # of a name in the address: its value, while Streamlit has emptied the query
POLLING = "explore_polling"
FIRST_MAP, SECOND_MAP = "explore_map", "explore_map_beside"
