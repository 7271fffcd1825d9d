"""Autoencoders and PCA as codecs, and what people do with their codes. No web page in here."""
