"""The live half of the server: a socket that takes codes and answers with pictures.

app = st.App("pages/shell.py", routes=live.routes(), lifespan=live.lifespan)
"""

from live.routes import lifespan, routes

__all__ = ["lifespan", "routes"]
