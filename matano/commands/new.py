"""`matano new`: a commented case file to start from."""

from pathlib import Path

from simulator.faults import Fault, Invalid


class CannotWrite(Invalid):
    """The case cannot be written where it should go, or there is no such template."""

    exit_status = 2


def new(name: str, template: str, force: bool) -> int:
    from simulator.files.template import template as text_of

    try:
        text = text_of(template)
    except Invalid as error:
        raise CannotWrite(*(Fault(fault.where, fault.sentence) for fault in error.faults)) from None
    path = Path(name if name.endswith(".toml") else f"{name}.toml")
    if not path.parent.is_dir():
        raise CannotWrite.at(str(path), f"the folder {str(path.parent)!r} does not exist.")
    if path.is_dir() or (path.exists() and not force):
        raise CannotWrite.at(str(path), "exists. Replace it with --force, or choose another name.")
    path.write_text(text, encoding="utf-8")
    print(f"{path}: {template}. Run it: matano run {path}")
    return 0
