"""`matano report`: a result as one page that explains itself."""

from pathlib import Path

from matano.console import UsageFault, check_page

MEASURED = (".csv", ".tsv", ".txt")


def report(path: Path, output: Path | None, force: bool) -> int:
    if path.suffix.lower() in MEASURED:
        raise UsageFault.at(str(path), "is no result; of measured data: matano analyse FILE --report R.html.")
    target = output or Path(f"{path.stem}.html")
    check_page(target, force)
    from matano.pages.results import page_of

    page = page_of(path)
    page.write(target, force)
    print(f"{target}: page of {path}, {page.figures} figures")
    return 0
