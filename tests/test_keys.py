"""The key scanner against tomllib: every leaf that tomllib reads is found, and on the line that holds it."""

import random
import tomllib

import pytest

from simulator.faults import Invalid
from simulator.files.keys import DEPTH, check_depth, key_lines, line_of, path_of, path_text, read_toml

NAMES = ["a", "D", "x_Ni", "Cu-Ni", "1", '"quoted key"', '"a.b"', "'l[0]'", '"tab\\t"', '"#"', '"="', '""']


class Writer:
    """Writes a random document in which every leaf carries a mark, so that its line can be found by searching."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.marks = 0

    def leaf(self):
        self.marks += 1
        mark = f"v{self.marks}v"
        return self.random.choice(
            [
                f'"{mark}"',
                f"'{mark}'",
                f'"{mark} # no comment [ {{ \\" \\\\"',
                f'"""{mark}\n[not.a.table]\nkey = 1 \\""" "" """',
                f'"""{mark}""""',
                f"'''{mark}\n# still text ]\n'''",
            ]
        )

    def gap(self, lines):
        choices = ["", " ", "\t"] + (["\n", " # = [ \" '''\n", "\n\n  "] if lines else [])
        return self.random.choice(choices)

    def value(self, depth):
        kind = self.random.random()
        if depth > 3 or kind < 0.5:
            return self.leaf()
        if kind < 0.75:
            entries = [self.gap(True) + self.value(depth + 1) + self.gap(True) for _ in range(self.random.randrange(4))]
            comma = "," if entries and self.random.random() < 0.3 else ""
            return "[" + ",".join(entries) + comma + self.gap(True) + "]"
        pairs = [f" {key} = {self.value(depth + 1)}" for key in self.keys(self.random.randrange(4))]
        return "{" + ",".join(pairs) + " }"

    def keys(self, count):
        """Distinct keys; the first parts differ, so dotted ones never define a table twice."""
        keys = []
        for name in self.random.sample(NAMES, count):
            more = self.random.sample(NAMES, self.random.choice([0, 0, 0, 1, 2]))
            dot = self.random.choice([".", " . "])
            keys.append(dot.join([name, *more]))
        return keys

    def pairs(self, count):
        return [
            f"{self.gap(False)}{key}{self.gap(False)}={self.gap(False)}{self.value(0)} # {key}"
            for key in self.keys(count)
        ]

    def document(self):
        lines = self.pairs(3)
        for number in range(self.random.randrange(5)):
            table = f"t{number}" + self.random.choice(["", ".sub", '."q.r"'])
            if self.random.random() < 0.5:
                lines += ["", f"  [ {table} ] # header", *self.pairs(self.random.randrange(4))]
                continue
            for _ in range(self.random.randrange(1, 4)):
                lines += [f"[[{table}]]", *self.pairs(self.random.randrange(3))]
                if self.random.random() < 0.5:
                    lines += [f"[{table}.inner]", *self.pairs(2)]
                if self.random.random() < 0.3:
                    lines += [f"[[{table}.many]]", *self.pairs(1), f"[[{table}.many]]", *self.pairs(1)]
        return "\n".join(lines) + "\n"


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from leaves(entry, (*path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from leaves(entry, (*path, index))
    else:
        yield path, value


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("block", range(10))
def test_every_leaf_is_found_on_its_line(block, ending):
    found = 0
    for seed in range(50 * block, 50 * block + 50):
        text = Writer(seed).document().replace("\n", ending)
        lines = key_lines(text)
        for path, value in leaves(tomllib.loads(text)):
            mark = value.split("v")[1]
            assert lines[path] == text[: text.index(f"v{mark}v")].count("\n") + 1, (seed, path)
            found += 1
    assert found > 300  # the writer does produce leaves


@pytest.mark.parametrize("block", range(4))
def test_paths_are_read_as_they_are_written(block):
    for seed in range(50 * block, 50 * block + 50):
        for path, _ in leaves(tomllib.loads(Writer(seed).document())):
            if "" not in path and "tab\t" not in path:
                assert path_of(path_text(path)) == path


def test_numbers_dates_and_tables_are_found():
    text = (
        "a = 1.5e-3\n[law]\nD = [\n  [1, 2.0],\n  [+inf, 1979-05-27 07:32:00],\n]\nb.c = true\n"
        "[[e.value]]\nt = 1\n[[e.value]]\nt = 2\n"
    )
    lines = key_lines(text)
    assert lines["a",] == 1
    assert lines["law", "D", 0, 1] == 4
    assert lines["law", "D", 1] == lines["law", "D", 1, 1] == 5
    assert lines["law", "b", "c"] == 7
    assert lines["e", "value", 1] == 10
    assert lines["e", "value", 1, "t"] == 11
    assert ("law", "D", 2) not in lines


def test_a_missing_key_is_placed_at_the_table_it_belongs_to():
    lines = key_lines("a = 1\n\n[law]\nkind = 'fick'\n")
    assert line_of(("law", "D", 0), lines) == 3
    assert line_of(("time",), lines) is None


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "[" * 100_000 + "]" * 100_000,
        "a = " + "{a=" * 100_000,
        "x = 1\n" + "a." * 100_000 + "b = 1",
        "[" + "a." * 100_000 + "b]",
        "a = '''\n'''\nb = [" + "[" * 1000,
    ],
)
def test_deep_texts_end_in_a_sentence(text):
    with pytest.raises(Invalid, match=str(DEPTH)) as error:
        read_toml(text, "deep.toml")
    assert error.value.faults[0].where.startswith("deep.toml:")


def test_brackets_in_texts_and_comments_do_not_count():
    text = f"a = \"{'[' * 1000}\" # {'[' * 1000}\nb = '''{'{' * 1000}\n'''\nc = \"1.2.3{'.4' * 100}\"\n"
    check_depth(text, "flat.toml")
    assert len(read_toml(text, "flat.toml")) == 3


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a = 1\na = 2\n", 2, "given before"),
        ("a = 1\n\nD = 1e-14 m^2/s\n", 3, "quotes"),
        ("a = hello\n", 1, "quotes"),
        ("a = 1\nb = [1, 2\n", 2, "not TOML"),
        ("a = 1\n[a]\nb = 2\n", 2, "not TOML"),
        ('a = "open\nb = 1\n', 1, "not TOML"),
        ("= 1\n", 1, "key"),
    ],
)
def test_a_syntax_error_is_one_sentence_with_its_line(text, line, word):
    with pytest.raises(Invalid, match=word) as error:
        read_toml(text, "case.toml")
    (fault,) = error.value.faults
    assert fault.where == f"case.toml:{line}"
    assert "\n" not in fault.sentence
    assert fault.sentence.endswith(".")


def test_a_number_of_too_many_digits_is_refused():
    with pytest.raises(Invalid, match="too long"):
        read_toml("a = " + "9" * 5000, "case.toml")


@pytest.mark.parametrize("text", ["", ".", "a..b", "a[", "a[x]", "[0]", "a]", "." + "a", "a." * 100 + "b"])
def test_what_is_not_a_key_path_is_refused(text):
    with pytest.raises(ValueError, match="is not a key"):
        path_of(text)
