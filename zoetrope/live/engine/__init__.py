"""Codecs on a device and one worker for everybody. Others use these modules, imported by name:

- `engine`: `get_engine`, `Engine`, `is_warm`;
- `operations`: `OPERATIONS` and what one is made of;
- `loading`: `CodecSource`, where codecs come from;
- `decoders`: `Decoder`, the one module that needs torch at import.

Nothing is imported here: the first page must not wait for torch.
"""
