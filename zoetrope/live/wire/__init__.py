"""The socket's language and its guards. Others use these modules, imported by name:

- `protocol` and `parts`: frames and the typed arrays they carry;
- `limits`: every limit;
- `tokens`: `issue_token` for pages; `guard`: `require_token` for binary routes, `Seats`;
- `connection`: `Connection`, one browser.

Nothing is imported here: the first page waits for no part that it does not need. See README.md.
"""
