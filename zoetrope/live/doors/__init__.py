"""Who comes in, to everything the server answers, Streamlit's pages included; and how often."""
