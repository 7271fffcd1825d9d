"""One browser's live socket: JSON text to agree on codecs, binary frames for what is computed.

The client's first message is a hello; everything is explained in `docs/formats.md`:

    {"type": "hello", "version": 2, "token": "...", "compact": false,
     "codecs": [{"key": "faces-vae", "gauges": ["support"]}, ...]}

The server answers with "ready" (what each codec needs and gives, and the operations that can be
asked for), after which frames may flow. `{"type": "cancel", "channel": 2}` ends what is under way
in a channel. A refusal is {"type": "error", "id": REQUEST_ID, "reason": "...", "code": "..."}.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from ae_core.errors import AeCoreError
from zoetrope.live.engine.engine import Engine
from zoetrope.live.engine.operations import RequestPart
from zoetrope.live.wire import limits, protocol
from zoetrope.live.wire.guard import Seats, Throttle
from zoetrope.live.wire.parts import FrameError, Part
from zoetrope.live.wire.tokens import SLOT_S, TokenError, read_token, renew_token

POLICY_VIOLATION, TRY_LATER = 1008, 1013


class RefusedError(Exception):
    """The connection ends: (close code, machine-readable code, reason)."""

    def __init__(self, close: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.close, self.code, self.reason = close, code, reason


class Connection:
    """Serves one accepted WebSocket until it closes.

    Args:
        socket: Accepted.
        engine: Answers.
        seats: Of the whole server.
        limit_messages: Sets how many bytes a message may have from now on.
    """

    def __init__(
        self,
        socket: WebSocket,
        engine: Engine,
        seats: Seats,
        limit_messages: Callable[[int], object],
    ) -> None:
        self._socket = socket
        self._limit_messages = limit_messages
        self._engine = engine
        self._seats = seats
        self._session: str | None = None
        self._codecs: list[tuple[str, tuple[str, ...]]] = []
        self._operations = list(engine.operations)
        self._compact = False
        self._refusals = 0
        self._unsent: deque[bytes | str] = deque()
        self._unsent_bytes = 0
        self._to_send = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def serve(self) -> None:
        """Answer until the client leaves, or is asked to."""
        sender = asyncio.create_task(self._send_answers())
        try:
            await self._read()
        except RefusedError as refusal:
            await self._close(refusal)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the client left; a send to a closed socket is a RuntimeError in starlette
        finally:
            sender.cancel()
            for channel in range(limits.MAX_CHANNELS):
                self._engine.end((id(self), channel))
            if self._session is not None:
                self._seats.leave(self._session)

    async def _read(self) -> None:
        throttle = Throttle()
        try:
            async with self._seats.patience():
                first = await self._socket.receive()
        except TimeoutError:
            raise RefusedError(POLICY_VIOLATION, "hello", "No hello arrived in time.") from None
        await self._greet(first)
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes") is not None:
                self._take_frame(message["bytes"])
            else:
                await self._take_text(message.get("text") or "")
            if self._refusals > limits.MAX_REFUSALS:
                reason = f"More than {limits.MAX_REFUSALS} refusals in a row."
                raise RefusedError(POLICY_VIOLATION, "abuse", reason)
            delay_s = throttle.delay_s()
            if delay_s > 0:
                await asyncio.sleep(delay_s)

    # JSON text ---------------------------------------------------------------------------------

    async def _greet(self, message: Any) -> None:
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        try:
            hello = _json_object(message.get("text") or "", limits.MAX_HELLO_BYTES)
            if hello.get("type") != "hello" or hello.get("version") != protocol.VERSION:
                raise FrameError(
                    f"The first message must be a hello of version {protocol.VERSION}: "
                    "reload the page."
                )
            session = read_token(str(hello.get("token", "")))
        except TokenError as error:
            raise RefusedError(POLICY_VIOLATION, "token", str(error)) from None
        except FrameError as error:
            raise RefusedError(POLICY_VIOLATION, "hello", str(error)) from None
        full = self._seats.take(session)
        if full is not None:
            raise RefusedError(TRY_LATER, "full", full)
        self._session = session
        self._limit_messages(limits.MAX_REQUEST_BYTES)
        await self._configure(hello)

    async def _take_text(self, text: str) -> None:
        try:
            message = _json_object(text, limits.MAX_TEXT_BYTES)
            if message.get("type") == "codecs":
                await self._configure(message)
            elif message.get("type") == "renew" and self._session is not None:
                self._post(json.dumps({"type": "token", "token": renew_token(self._session)}))
            elif message.get("type") == "cancel":
                self._engine.end((id(self), _channel(message)))
            else:
                raise FrameError("The message's type is unknown.")
        except FrameError as error:
            self._refuse(0, str(error), "message")

    async def _configure(self, message: dict[str, Any]) -> None:
        """Agree on codecs; those that cannot be loaded are reported one by one."""
        try:
            codecs = [_codec_entry(entry) for entry in _codec_list(message)]
        except FrameError as error:
            self._refuse(0, str(error), "codecs")
            return
        self._codecs, self._compact = codecs, bool(message.get("compact"))
        described = await asyncio.gather(*(self._describe(key) for key, _ in codecs))
        ready = {"type": "ready", "codecs": described, "operations": self._operations}
        numbers = {"renewAfterS": SLOT_S, "maxRequestBytes": limits.MAX_REQUEST_BYTES}
        self._post(json.dumps({**ready, **numbers}))

    async def _describe(self, key: str) -> dict[str, Any]:
        try:
            decoder = await asyncio.wrap_future(self._engine.codec(key))
        except AeCoreError as error:
            return {"key": key, "error": str(error)}
        return {"key": key, **decoder.description()}

    # Binary frames -----------------------------------------------------------------------------

    def _take_frame(self, message: bytes) -> None:
        try:
            request = protocol.read_request(message)
            if request.operation >= len(self._operations):
                raise FrameError(f"Operation {request.operation} is unknown.", request.id)
            parts = [self._request_part(request, part) for part in request.parts]
        except FrameError as error:
            self._refuse(error.request_id, str(error), "frame")
            return

        def reply(result: bytes | Exception) -> None:
            self._call_soon(self._deliver, request.id, result)

        self._engine.submit(
            (id(self), request.channel),
            request.id,
            parts,
            reply,
            operation=self._operations[request.operation],
            compact=self._compact,
        )

    def _request_part(self, request: protocol.Request, part: Part) -> RequestPart:
        if part.codec >= len(self._codecs):
            reason = f"Codec {part.codec} was not agreed on; there are {len(self._codecs)}."
            raise FrameError(reason, request.id)
        key, gauges = self._codecs[part.codec]
        return RequestPart(key, part.array, part.type, part.codec, gauges)

    def _call_soon(self, call: Any, *arguments: Any) -> None:
        """Run in the socket's event loop, from a thread of the engine."""
        with suppress(RuntimeError):  # the server has stopped and its loop is closed
            self._loop.call_soon_threadsafe(call, *arguments)

    def _deliver(self, request_id: int, result: bytes | Exception) -> None:
        if isinstance(result, bytes):
            self._refusals = 0
            self._post(result)
        elif isinstance(result, AeCoreError):
            self._refuse(request_id, str(result), "codes")
        else:
            self._refuse(request_id, "The server failed on this request; its log says why.", "bug")

    # Sending -----------------------------------------------------------------------------------

    def _post(self, message: bytes | str) -> None:
        """Send soon; where the client does not read, the oldest messages are dropped."""
        self._unsent.append(message)
        self._unsent_bytes += len(message)
        while self._unsent_bytes > limits.MAX_UNSENT_BYTES and len(self._unsent) > 1:
            self._unsent_bytes -= len(self._unsent.popleft())
        self._to_send.set()

    async def _send_answers(self) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # the client left while we answered
            while True:
                await self._to_send.wait()
                self._to_send.clear()
                while self._unsent:
                    message = self._unsent.popleft()
                    self._unsent_bytes -= len(message)
                    kind = "bytes" if isinstance(message, bytes) else "text"
                    await self._socket.send({"type": "websocket.send", kind: message})

    def _refuse(self, request_id: int, reason: str, code: str) -> None:
        self._refusals += 1
        if self._refusals > limits.MAX_REFUSALS:
            raise RefusedError(
                POLICY_VIOLATION, "abuse", f"More than {limits.MAX_REFUSALS} refusals in a row."
            )
        self._post(json.dumps({"type": "error", "id": request_id, "reason": reason, "code": code}))

    async def _close(self, refusal: RefusedError) -> None:
        text = {"type": "error", "id": 0, "reason": refusal.reason, "code": refusal.code}
        try:
            await self._socket.send_text(json.dumps(text))
            await self._socket.close(refusal.close, refusal.reason[:100])
        except (WebSocketDisconnect, RuntimeError):
            pass  # it left before it could be told


def _json_object(text: str, most: int) -> dict[str, Any]:
    if len(text) > most:
        raise FrameError(f"The text has {len(text)} characters; {most} fit.")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError("The text is not JSON.") from None
    if not isinstance(message, dict):
        raise FrameError("The text is not a JSON object.")
    return message


def _codec_list(message: dict[str, Any]) -> list[Any]:
    entries = message.get("codecs")
    if not isinstance(entries, list) or not len(entries) <= limits.MAX_PARTS:
        raise FrameError(f"`codecs` must list at most {limits.MAX_PARTS} codecs.")
    return entries


def _codec_entry(entry: Any) -> tuple[str, tuple[str, ...]]:
    """(key, names of gauges) of one entry of a hello."""
    key = entry.get("key") if isinstance(entry, dict) else None
    if not isinstance(key, str) or not 0 < len(key) <= limits.MAX_KEY_CHARACTERS:
        most = limits.MAX_KEY_CHARACTERS
        raise FrameError(f"A codec needs a `key` of at most {most} characters.")
    names = entry.get("gauges", [])
    if not isinstance(names, list) or len(names) > limits.MAX_GAUGES:
        raise FrameError(f"`gauges` must list at most {limits.MAX_GAUGES} names.")
    return key, tuple(str(name)[: limits.MAX_GAUGE_NAME_CHARACTERS] for name in names)


def _channel(message: dict[str, Any]) -> int:
    channel = message.get("channel")
    if type(channel) is not int or not 0 <= channel < limits.MAX_CHANNELS:
        raise FrameError(f"`channel` must be a number below {limits.MAX_CHANNELS}.")
    return channel
