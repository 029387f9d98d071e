"""`matano report`: a result as one page that explains itself."""

from pathlib import Path

from matano.console import UsageFault, check_target


def report(path: Path, output: Path | None, force: bool) -> int:
    target = output or Path(f"{path.stem}.html")
    if target.suffix.lower() not in (".html", ".htm"):
        raise UsageFault.at(str(target), f"unknown kind of page {target.suffix!r}; use .html.")
    check_target(target, force)
    from matano.pages.results import page_of

    page = page_of(path)
    page.write(target, force)
    print(f"{target}: page of {path}, {page.figures} figures")
    return 0
