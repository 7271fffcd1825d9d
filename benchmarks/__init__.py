"""One module a claim: each prints a table, and last a line of JSON."""
