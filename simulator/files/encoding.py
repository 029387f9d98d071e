"""The text of a data file: its encoding found or named, and a sentence for a file that is no text."""

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

from simulator.faults import Invalid, near

LARGEST = 50_000_000  # bytes
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # of .xlsx and .ods, of .xls
HDF5 = b"\x89HDF"
NAMES = ("utf-8", "utf-16", "windows-1252", "latin-1", "mac-roman", "shift-jis", "gb18030", "euc-kr")


@dataclass(frozen=True)
class Text:
    """What a file holds: its text, the encoding that it was read in, and the SHA-256 of its bytes."""

    text: str
    encoding: str
    sha256: str


def read_text(path: Path, encoding: str | None = None) -> Text:
    """The text of a file in UTF-8, UTF-16, Windows-1252 or Latin-1, or in the encoding that is named.

    Raises Invalid for what is no text, is larger than LARGEST, or is not in the encoding.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise Invalid.at(str(path), "there is no such file.") from None
    except OSError as error:
        raise Invalid.at(str(path), f"the file cannot be read: {error.strerror}.") from None
    if len(content) > LARGEST:
        raise Invalid.at(str(path), f"the file is larger than {LARGEST // 1_000_000} MB; a profile is not.")
    if content.startswith(WORKBOOKS):
        raise Invalid.at(str(path), "this is a workbook of a spreadsheet, not a text; save the sheet as CSV.")
    if content.startswith(HDF5):
        raise Invalid.at(str(path), "this is a result (HDF5), not a table; name it with .h5, or export it as CSV.")
    text, name = decoded(path, content, encoding)
    if "\0" in text:
        raise Invalid.at(str(path), "this is not a text file; expected CSV or TSV with a header.")
    return Text(text, name, hashlib.sha256(content).hexdigest())


def decoded(path: Path, content: bytes, encoding: str | None) -> tuple[str, str]:
    """The text, and the name of its encoding."""
    if encoding is not None:
        try:
            return content.decode(encoding).lstrip("\ufeff"), codecs.lookup(encoding).name
        except LookupError:  # of codecs that are of no text, too
            text = f"there is no encoding {encoding[:40]!r}, but for example {', '.join(NAMES)}."
            raise Invalid.at("encoding", f"{text}{near(encoding, NAMES)}") from None
        except UnicodeError as error:
            line = content[: getattr(error, "start", 0)].count(b"\n") + 1
            raise Invalid.at(f"{path}:{line}", f"the text is not in {encoding}; name another encoding.") from None
    for name in guesses(content):
        try:
            text = content.decode("utf-8-sig" if name == "utf-8" else name)
        except UnicodeDecodeError:
            continue
        return text.lstrip("\ufeff"), name
    raise Invalid.at(str(path), "this is not a text file; expected CSV or TSV with a header.")


def guesses(content: bytes) -> tuple[str, ...]:
    """Encodings to try in turn: UTF-16 by its mark, or by zeros in every other byte, as ASCII has them there."""
    if content.startswith(UTF16):
        return ("utf-16",)
    for name, zeros in (("utf-16-le", content[1:400:2]), ("utf-16-be", content[0:400:2])):
        if len(content) > 3 and zeros.count(0) > 0.8 * len(zeros):
            return (name,)
    return ("utf-8", "windows-1252", "latin-1")
