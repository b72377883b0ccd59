import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from controller.access_points.import_csv import parse_csv
from controller.access_points.import_rows import COLUMNS, RowProblem

TITLES = "serial,site,latitude,longitude"


def problems(content: bytes | str) -> list[tuple[int, str, str]]:
    raw = content.encode() if isinstance(content, str) else content
    return [(p.line, p.column, p.reason) for p in parse_csv(raw).problems]


def test_what_a_russian_spreadsheet_saves():
    text = "\ufeffСерийный номер;Название;Площадка;Широта;Долгота\r\n"
    text += "02c0de000001;«Арбат»;arbat;55,752;37,592\r\n"
    [row] = parse_csv(text.encode()).rows
    assert (row.line, dict(row.fields)) == (
        2,
        {
            "serial": "02c0de000001",
            "name": "«Арбат»",
            "site": "arbat",
            "latitude": "55,752",
            "longitude": "37,592",
        },
    )


def test_tabs_quotes_blank_lines_and_line_numbers():
    text = '\n\nSERIAL\tname\tsite\tlat\tlon\n\na\t"two\nlines"\ts\t1\t2\n\n\nb\t\ts\t1\t2\n'
    rows = parse_csv(text.encode()).rows
    assert [(row.line, row.fields["serial"]) for row in rows] == [(5, "a"), (9, "b")]
    assert rows[0].fields["name"] == "two\nlines"
    assert "name" not in rows[1].fields


def test_titles_that_are_wrong():
    assert [(line, column) for line, column, _ in problems("serial,siet,latitude,serial\n")] == [
        (1, "serial"), (1, "siet"), (1, "serial"), (1, "site"), (1, "longitude"),
    ]  # fmt: skip
    assert "column is missing" in problems("serial\n")[0][2]


def test_rows_of_another_length():
    assert problems(f"{TITLES}\na,b,1,2,3\na,b\n") == [
        (2, "", "has 5 fields, the first line has 4"),
        (3, "", "has 2 fields, the first line has 4"),
    ]


def test_an_untitled_column_may_only_be_empty():
    assert problems(f"{TITLES},\na,b,1,2,\n") == []
    assert problems(f"{TITLES},\na,b,1,2,x\n") == [(2, "", "'x' stands under no title")]


def test_not_utf8_tells_line_and_remedy():
    content = f"{TITLES}\n".encode() + "a,Арбат,1,2\n".encode("cp1251")
    [(line, _, reason)] = problems(content)
    assert line == 2
    assert "CSV UTF-8" in reason


def test_a_quote_never_closed():
    [(line, _, reason)] = problems(f'{TITLES}\na,b,1,2\na,"b,1,2\n')
    assert line == 3
    assert "cannot be read" in reason


def test_empty_files():
    for content in (b"", b"\n\n", "\ufeff".encode()):
        [(line, _, reason)] = problems(content)
        assert line == 1
        assert "empty" in reason


@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_problems(content):
    parsed = parse_csv(content)
    assert parsed.rows or parsed.problems or content.strip()
    assert all(isinstance(problem, RowProblem) for problem in parsed.problems)


@given(st.text(alphabet=st.sampled_from('serial,;\t\n\r"site latude0.5ж\x00'), max_size=200))
def test_any_text_after_good_titles(text):
    parsed = parse_csv(f"{TITLES}\n{text}".encode())
    lines = text.count("\n") + text.count("\r") + 2
    assert all(1 <= item.line <= lines for item in [*parsed.rows, *parsed.problems])


_FIELD = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: text.strip() == text
)


@given(
    st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, _FIELD)), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.booleans(),
)
def test_what_is_written_is_read_back(rows, delimiter, bom):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    parsed = parse_csv(file.getvalue().encode("utf-8-sig" if bom else "utf-8"))
    assert not parsed.problems
    assert [dict(row.fields) for row in parsed.rows] == rows
