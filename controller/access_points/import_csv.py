"""Reads APs out of a CSV file: bytes in, raw rows and problems out.

Takes what spreadsheets write: UTF-8 with or without a byte order mark, commas, semicolons or tabs,
decimal commas, titles in any order and case. Pure; what the fields mean is checked in `import_rows`.
"""

import csv
import io

from controller.access_points.import_rows import (
    COLUMNS,
    MAX_ROWS,
    REQUIRED,
    Column,
    ParsedFile,
    RawRow,
    RowProblem,
    find_column,
    shown,
)

_DELIMITERS = ";\t,"
"""Of these, the one most frequent in the title line is taken; the first wins a tie."""


def parse_csv(content: bytes) -> ParsedFile:
    """Read a CSV file whose first line holds titles (RFC 4180; also `;` and tab).

    Never raises: whatever is wrong is in `problems`, with the 1-based line where the row begins.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = f"byte {content[error.start]:#04x} is not UTF-8: save the file as “CSV UTF-8”"
        return ParsedFile(problems=[RowProblem(line, "", reason)])
    return _Reader(text).run()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._rows: list[RawRow] = []
        self._problems: list[RowProblem] = []

    def run(self) -> ParsedFile:
        records = self._records()
        line, titles = next(records, (1, []))
        columns = self._read_titles(line, titles)
        if columns is not None:
            for number, (start, record) in enumerate(records):
                if number >= MAX_ROWS:
                    self._fault(start, "", f"more than {MAX_ROWS} rows: split the file")
                    break
                self._read_record(start, record, columns)
        return ParsedFile(self._rows, self._problems)

    def _records(self) -> "_Records":
        return _Records(self._text, self._problems)

    def _fault(self, line: int, column: str, reason: str) -> None:
        self._problems.append(RowProblem(line, column, reason))

    def _read_titles(self, line: int, titles: list[str]) -> list[Column | None] | None:
        if not titles:
            if not self._problems:
                self._fault(1, "", f"is empty; its first line names the columns: {', '.join(COLUMNS)}")
            return None
        columns = [find_column(title) for title in titles]
        before = len(self._problems)
        for title, column in zip(titles, columns, strict=True):
            if column is None and title.strip():
                self._fault(line, title.strip()[:40], f"no such column; there are: {', '.join(COLUMNS)}")
            elif column is not None and columns.count(column) > 1:
                self._fault(line, column, "the column stands there twice")
        for column in REQUIRED:
            if column not in columns:
                self._fault(line, column, "the column is missing")
        return columns if len(self._problems) == before else None

    def _read_record(self, line: int, record: list[str], columns: list[Column | None]) -> None:
        if len(record) != len(columns):
            self._fault(line, "", f"has {len(record)} fields, the first line has {len(columns)}")
            return
        fields: dict[Column, str] = {}
        for column, value in zip(columns, record, strict=True):
            if column is not None and value.strip():
                fields[column] = value.strip()
            elif column is None and value.strip():
                self._fault(line, "", f"{shown(value.strip())} stands under no title")
        self._rows.append(RawRow(line, fields))


class _Records:
    """Iterates over (line, record), blank lines left out; a file the format breaks ends it."""

    def __init__(self, text: str, problems: list[RowProblem]) -> None:
        first = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(_DELIMITERS, key=first.count)
        # newline="" keeps line breaks inside quotes as they are; csv splits the lines itself.
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self._problems = problems

    def __iter__(self) -> "_Records":
        return self

    def __next__(self) -> tuple[int, list[str]]:
        while True:
            line = self._reader.line_num + 1
            try:
                record = next(self._reader)
            except csv.Error as error:
                self._problems.append(RowProblem(line, "", f"cannot be read: {error}"))
                raise StopIteration from error
            if any(field.strip() for field in record):
                return line, record
