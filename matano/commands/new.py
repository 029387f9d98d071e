"""`matano new`: a commented case file to start from."""

from pathlib import Path

from matano.console import UsageFault, check_target, whole
from simulator.faults import Invalid


def new(name: str, template: str, force: bool) -> int:
    from simulator.files.template import template as text_of

    try:
        text = text_of(template)
    except Invalid as error:
        raise UsageFault(*error.faults) from None
    path = Path(name if name.endswith(".toml") else f"{name}.toml")
    check_target(path, force)
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")
    print(f"{path}: {template}. Run it: matano run {path}")
    return 0
