"""Fewer bytes for frames and messages: zstd without its magic number, with a dictionary that both
sides hold, or, for short contents, a model that both sides hold.

The dictionary (`dictionary_1.zstd`) was trained by `tests/sync/train_dictionary.py` on made-up
events with the real names of rules, signs, counties and towns. It is part of the wire's form: it
never changes, a better one gets the next number.
"""

from functools import cache
from importlib import resources
from threading import local

import zstandard

from sync import text_model
from sync.packing import Unreadable

_LEVEL = 19
# 3 is a frame in columns: see `sync.frame`.
_PLAIN, _COMPRESSED, _WITH_DICTIONARY_1, _WITH_MODEL_1 = 0, 1, 2, 4
_local = local()


def shrink(content: bytes) -> bytes:
    """The content in the shortest of its forms, led by one byte that names the form."""
    shrunk = shrink_quickly(content)
    if len(content) > text_model.LONGEST_BYTES:
        return shrunk
    return min(shrunk, bytes([_WITH_MODEL_1]) + text_model.compress(content), key=len)


def shrink_quickly(content: bytes) -> bytes:
    """As `shrink`, without the model, which is slow, and no better where it does not know in which
    field of an event a byte stands.
    """
    candidates = [bytes([_PLAIN]) + content]
    for form in (_COMPRESSED, _WITH_DICTIONARY_1):
        candidates.append(bytes([form]) + _compressor(form).compress(content))
    return min(candidates, key=len)


def grow(packed: bytes, longest_bytes: int) -> bytes:
    """What `shrink` was given. Raises Unreadable for anything else, and for more than
    `longest_bytes`: a few bytes must not be able to ask for all the memory there is.
    """
    form, content = packed[:1], packed[1:]
    if form == bytes([_PLAIN]):
        return content
    if form == bytes([_WITH_MODEL_1]):
        return text_model.decompress(content, longest_bytes)
    if form not in (bytes([_COMPRESSED]), bytes([_WITH_DICTIONARY_1])):
        raise Unreadable("The compression is not known to this version: update the program.")
    try:
        size = zstandard.get_frame_parameters(
            content, format=zstandard.FORMAT_ZSTD1_MAGICLESS
        ).content_size
        if size > longest_bytes:
            raise Unreadable("The compressed content is too long.")
        return _decompressor(form[0]).decompress(content, max_output_size=longest_bytes)
    except zstandard.ZstdError:
        raise Unreadable("The content cannot be decompressed.") from None


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    content = resources.files("sync").joinpath("dictionary_1.zstd").read_bytes()
    dictionary = zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_FULLDICT)
    dictionary.precompute_compress(level=_LEVEL)
    return dictionary


def _compressor(form: int) -> zstandard.ZstdCompressor:
    # Neither of them may be used by two threads at once.
    held: dict[int, zstandard.ZstdCompressor] = _local.__dict__.setdefault("compressors", {})
    if form not in held:
        held[form] = zstandard.ZstdCompressor(
            compression_params=zstandard.ZstdCompressionParameters.from_level(
                _LEVEL,
                format=zstandard.FORMAT_ZSTD1_MAGICLESS,
                write_content_size=True,
                # What is sealed has a check sum already, and the form says which dictionary.
                write_checksum=False,
                write_dict_id=False,
            ),
            dict_data=_dictionary() if form == _WITH_DICTIONARY_1 else None,
        )
    return held[form]


def _decompressor(form: int) -> zstandard.ZstdDecompressor:
    held: dict[int, zstandard.ZstdDecompressor] = _local.__dict__.setdefault("decompressors", {})
    if form not in held:
        held[form] = zstandard.ZstdDecompressor(
            dict_data=_dictionary() if form == _WITH_DICTIONARY_1 else None,
            format=zstandard.FORMAT_ZSTD1_MAGICLESS,
        )
    return held[form]
