"""The live half of the server: a socket that takes codes and answers with pictures."""
