"""The live half of the server: a socket that takes codes and answers with pictures.

app = st.App(
    "pages/shell.py",
    routes=live.routes(),
    middleware=live.middleware(),
    lifespan=live.lifespan,
)
"""

try:
    from zoetrope.live.doors.entrance import middleware
    from zoetrope.live.routes import lifespan, routes
except ModuleNotFoundError as error:
    if error.name != "starlette":  # the engine alone runs without a web server
        raise
else:
    __all__ = ["lifespan", "middleware", "routes"]
