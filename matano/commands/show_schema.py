"""`matano show-schema`: the JSON schema of case files."""

from matano.console import print_json


def show_schema() -> int:
    from matano.case_schema import case_schema

    print_json(case_schema())
    return 0
