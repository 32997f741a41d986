"""Values as bytes and back, by their type: whatever the bytes are, nothing but data of that type comes out of them.

It is MessagePack. What that can't hold (integers beyond 64 bits, text with half surrogate pairs, as the names of files
may have) is spelled out, at the price of a second pass over such a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from polcheck.base.cached import cached_property

if TYPE_CHECKING:
    import msgspec

_T = TypeVar("_T")
_PLAIN = b"\x00"
_SPELLED = b"\x01"
_MARK = "\x00"  # what a text begins with that stands for something else
_LEAST, _MOST = -(1 << 63), (1 << 64) - 1


class NotDecoded(ValueError):
    """Bytes that are no value of the expected type."""


class Codec(Generic[_T]):
    """The encoding of values of one type, which is given as an annotation says it: `Codec(list[str])`.

    Only builtins, named tuples and structs can be encoded; a value of `Any` comes back as builtins.
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def __getstate__(self) -> tuple[Any]:
        return (self._kind,)

    def __setstate__(self, state: tuple[Any]) -> None:
        (self._kind,) = state

    @cached_property
    def _decoder(self) -> msgspec.msgpack.Decoder[_T]:
        from msgspec.msgpack import Decoder

        return Decoder(self._kind)

    def encode(self, value: _T) -> bytes:
        """Return the bytes of a value. Raises TypeError or RecursionError for one that has none."""
        from msgspec import msgpack, to_builtins

        try:
            return _PLAIN + msgpack.encode(value)
        except (OverflowError, UnicodeEncodeError):
            return _SPELLED + msgpack.encode(_spelled(to_builtins(value, builtin_types=(bytes,))))

    def decode(self, data: bytes | memoryview) -> _T:
        """Return the value of these bytes. Raises NotDecoded for any others than `encode` gives."""
        from msgspec import DecodeError, ValidationError, convert, msgpack

        body = memoryview(data)[1:]
        try:
            if data[:1] == _PLAIN:
                return self._decoder.decode(body)
            if data[:1] == _SPELLED:
                result: _T = convert(_unspelled(msgpack.decode(body)), self._kind)
                return result
        except (DecodeError, ValidationError, ValueError, RecursionError) as error:
            raise NotDecoded(str(error)) from error
        raise NotDecoded("no known encoding")


def _spelled(value: Any) -> Any:
    """Return the value with each text and integer that can't be encoded as a text that can."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return f"{_MARK}s{value.encode('utf-8', 'surrogatepass').hex()}"
        return f"{_MARK}s{value.encode().hex()}" if value.startswith(_MARK) else value
    if isinstance(value, int) and not isinstance(value, bool):
        return value if _LEAST <= value <= _MOST else f"{_MARK}i{value:x}"
    if isinstance(value, dict):
        return {_spelled(key): _spelled(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(entry) for entry in value]
    return value


def _unspelled(value: Any) -> Any:
    """Return the value that `_spelled` made this one of."""
    if isinstance(value, str) and value.startswith(_MARK):
        if value[1:2] == "i":
            return int(value[2:], 16)
        return bytes.fromhex(value[2:]).decode("utf-8", "surrogatepass")
    if isinstance(value, dict):
        return {_unspelled(key): _unspelled(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_unspelled(entry) for entry in value]
    return value
