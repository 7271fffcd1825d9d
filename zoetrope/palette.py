"""The app's colours, the same everywhere: codecs, categories, numbers."""

# Okabe and Ito 2008 without black and yellow, then Tol's "muted": told apart with any kind of
# colour vision, on white and on black.
CATEGORY_COLOURS = (
    *("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"),
    *("#882255", "#999933", "#AA4499", "#44AA99", "#DDCC77", "#8A8A92"),
)
UNKNOWN_COLOUR = "#8A8A92"

MODEL_COLOUR, PCA_COLOUR, SECOND_COLOUR = "#0072B2", "#D55E00", "#009E73"

# Viridis (van der Walt and Smith 2015), its darkest and lightest ends cut off so that it can be
# read on white and on black.
NUMBER_COLOURS = ("#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#dde318")
# Points whose colour means nothing.
PLAIN_COLOUR = "#4477AA"
