"""Every name under which the address or the session holds something, of all pages.

The address is what a person can share, so its names stay as they are. A widget's own key stands
beside the widget, unless something else reads it; components keep theirs (`zoetrope.live`).
"""

# ------------------------------------------------------------------------ in the address
DATA, CHECKPOINT, PRESENT = "data", "checkpoint", "present"

# Explore. A map's settings are there under their own names, such as "perplexity".
METHOD, N_AXES, SOURCE, EPOCH = "method", "axes", "of", "epoch"
COLOUR, FIND, DOTS = "colour", "find", "dots"
BESIDE, BESIDE_EPOCH, MOVEMENT = "beside", "beside_epoch", "movement"
GROUP, VIEW = "group", "view"  # a kept group's name; a bookmark's id

# Morph.
ITEMS, PLACE, PATH_KIND = "items", "at", "way"

# Dimensions. AXES is Explore's name too: "principal" here, "3" there.
START, POSITIONS, AXES = "start", "z", N_AXES
INACTIVE, TRAVERSALS, NUMBER = "inactive", "traversals", "number"

# Algebra.
SUM, WEIGHTS, MATCHED = "sum", "weights", "matched"
DIRECTION, FIXED = "direction", "fixed"

# Versus PCA, Train.
PART, RUN = "sheet", "run"

# What names items, or moves what does: among other items it means nothing.
OF_ITEMS = (
    *(ITEMS, PLACE, START, POSITIONS, SUM, WEIGHTS, PART, DIRECTION, FIXED, FIND),
    *(GROUP, VIEW, RUN),
)

# ------------------------------------------------------------------------ in the session
KEPT = "kept_{}"  # of a name in the address: its value, while Streamlit has emptied the query
DATA_PICKER, CHECKPOINT_PICKER, RUN_PICKER = "data_picker", "checkpoint_picker", "run_picker"
REFUSED = "refused_{}"  # of a name in the address: what is shown in place of its value, and why
RUN_PANEL, RUNS_STARTED = "run_panel", "runs_started"  # a container; how many this session started
CANCEL_ASKED = "cancel_asked_{}"  # of a run: whether its cancel is being confirmed
TASKS_SEEN, OWNER = "tasks_seen", "owner"

LINKED_PART = "linked_part"  # of the map: what a bookmark asks to be shown
FIRST_MAP, SECOND_MAP, POLLING = "explore_map", "explore_map_beside", "explore_polling"
MORPH_SLIDER, MORPH_ACTIVE = "morph_slider", "morph_active"
DIMENSIONS_SLIDERS = "dimensions_sliders"
ALGEBRA_SLIDERS, ALGEBRA_ACTIVE = "algebra_sliders", "algebra_active"
ADDED_FILE, ADDED = "add_file", "added"  # the field; what it held
NEW_NAME, PROPOSED_FOR = "new_name", "proposed_for"  # of a data set; the upload it was proposed for
ADDING, CAME_IN = "adding", "came_in"  # the task, the file and the set under way; what has come in
UPLOADED, UPLOADED_FILE = "start_picture", "start_file"  # a picture of one's own, and its file's id
OPENING = "{}_opening"  # of a stage's component: the positions it was opened with
N_MORE = "{}_n_more"  # of an item picker: how often more were asked for
