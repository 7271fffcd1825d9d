"""Colours that mean the same everywhere in the app; told apart with any kind of colour vision."""

# Okabe & Ito 2008, then two of Tol's muted scheme, in an order in which neighbours differ most.
PALETTE = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#7f7f7f"),
    *("#882255", "#44AA99"),
)

MODEL_COLOUR, PCA_COLOUR, SECOND_COLOUR = PALETTE[:3]
