"""Excel workbooks (.xlsx), read row by row from the XML in them. Nothing is written as Excel: Data Factory does not either.

https://learn.microsoft.com/azure/data-factory/format-excel
"""

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from xml.etree import ElementTree

import polars as pl

from azurine.movement.failing import failure

ROWS = 10_000
LARGEST = 1 << 30
"""Bytes of one part, unpacked."""
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(r"([A-Za-z]+)(\d+)?")
_DATES = {*range(14, 23), 45, 46, 47}


def read(stream: BinaryIO, name: str, written: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(stream, file)
        try:
            with zipfile.ZipFile(file) as book:
                yield from _frames(_rows(book, written), written, name)
        except (zipfile.BadZipFile, ElementTree.ParseError, KeyError) as error:
            raise failure("ExcelInvalidFile", f"The file '{name}' is not a valid Excel workbook (.xlsx): {error}.") from error


def _frames(rows: Iterator[list[Any]], written: Mapping[str, Any], name: str) -> Iterator[pl.DataFrame]:
    null = str(written.get("nullValue") or "")
    first = next(rows, None)
    if first is None:
        return
    has_head = str(written.get("firstRowAsHeader") or "").lower() == "true"
    names = (
        [str(one) if one not in (None, "") else f"Prop_{number}" for number, one in enumerate(first)]
        if has_head
        else [f"Prop_{number}" for number in range(len(first))]
    )
    if len(set(names)) < len(names):
        raise failure("ExcelColumnNameDuplicated", f"A column name is found more than once in the header row of '{name}'.")
    piece = [] if has_head else [first]
    given = False
    for row in rows:
        piece.append((row + [None] * len(names))[: len(names)])
        if len(piece) >= ROWS:
            yield _frame(names, piece, null)
            piece, given = [], True
    if piece or not given:
        yield _frame(names, piece, null)


def _frame(names: list[str], rows: list[list[Any]], null: str) -> pl.DataFrame:
    return pl.DataFrame(
        [
            pl.Series(name, [None if row[place] is None or row[place] == null else row[place] for row in rows], pl.String)
            for place, name in enumerate(names)
        ]
    )


def _rows(book: zipfile.ZipFile, written: Mapping[str, Any]) -> Iterator[list[Any]]:
    texts, dates = _texts(book), _date_styles(book)
    left, top, right, bottom = _range(str(written.get("range") or ""))
    with _part(book, _sheet(book, written)) as stream:
        for _, row in ElementTree.iterparse(stream):
            if row.tag != f"{_MAIN}row":
                continue
            number = int(row.get("r") or 0)
            if number >= top and (not bottom or number <= bottom):
                values: list[Any] = []
                for cell in row.iter(f"{_MAIN}c"):
                    at = _column(cell.get("r") or "")
                    if at < left or (right and at > right):
                        continue
                    values += [None] * (at - left - len(values))
                    values.append(_value(cell, texts, dates))
                if right:
                    values += [None] * (right - left + 1 - len(values))
                if values:
                    yield values
            row.clear()
            if bottom and number >= bottom:
                return


def _value(cell: ElementTree.Element, texts: list[str], dates: set[int]) -> str | None:
    kind, found = cell.get("t"), cell.findtext(f"{_MAIN}v")
    if kind == "inlineStr":
        return "".join(one.text or "" for one in cell.iter(f"{_MAIN}t"))
    if found is None:
        return None
    if kind == "s":
        return texts[int(found)]
    if kind == "b":
        return "True" if found == "1" else "False"
    if kind is None and int(cell.get("s") or 0) in dates:
        return (datetime(1899, 12, 30) + timedelta(days=float(found))).isoformat(sep=" ", timespec="seconds")
    return found


def _sheet(book: zipfile.ZipFile, written: Mapping[str, Any]) -> str:
    """The part that holds the sheet that the dataset names."""
    listed = list(ElementTree.fromstring(_part(book, "xl/workbook.xml").read()).iter(f"{_MAIN}sheet"))
    targets = {one.get("Id"): str(one.get("Target")) for one in ElementTree.fromstring(_part(book, "xl/_rels/workbook.xml.rels").read())}
    wanted, place = written.get("sheetName"), int(written.get("sheetIndex") or 0)
    found = next((one for one in listed if one.get("name") == wanted), None) if wanted else (listed[place] if 0 <= place < len(listed) else None)
    if found is None:
        names = ", ".join(str(one.get("name")) for one in listed)
        raise failure("ExcelInvalidSheet", f"The worksheet '{wanted or place}' cannot be found; there are: {names}.")
    target = targets[found.get(_RELATION)]
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _texts(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    made = []
    for _, one in ElementTree.iterparse(_part(book, "xl/sharedStrings.xml")):
        if one.tag == f"{_MAIN}si":
            made.append("".join(text.text or "" for text in one.iter(f"{_MAIN}t")))
            one.clear()
    return made


def _date_styles(book: zipfile.ZipFile) -> set[int]:
    """Numbers of the cell styles that show a number as a date."""
    if "xl/styles.xml" not in book.namelist():
        return set()
    root = ElementTree.fromstring(_part(book, "xl/styles.xml").read())
    own = {
        int(one.get("numFmtId") or 0)
        for one in root.iter(f"{_MAIN}numFmt")
        if re.search(r"[ymdhs]", re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", str(one.get("formatCode") or "").lower()))
    }
    styles = root.find(f"{_MAIN}cellXfs")
    return {place for place, one in enumerate(styles if styles is not None else ()) if int(one.get("numFmtId") or 0) in _DATES | own}


def _part(book: zipfile.ZipFile, name: str) -> Any:
    if book.getinfo(name).file_size > LARGEST:
        raise failure("ExcelFileTooLarge", f"The part '{name}' of the workbook is larger than {LARGEST} bytes.")
    return book.open(name)


def _range(text: str) -> tuple[int, int, int, int]:
    """(left, top, right, bottom), from 1; right and bottom 0 when it does not end. "A3:H5", "A3"."""
    if not text:
        return 1, 1, 0, 0
    first, _, last = text.replace("$", "").partition(":")
    start, end = _CELL.fullmatch(first), _CELL.fullmatch(last) if last else None
    if start is None or (last and end is None):
        raise failure("ExcelInvalidRange", f"'{text}' is no range of a worksheet; A1:D10 would be right.")
    return _column(first), int(start[2] or 1), _column(last) if end else 0, int(end[2] or 0) if end else 0


def _column(cell: str) -> int:
    number = 0
    for one in cell.upper():
        if not one.isalpha():
            break
        number = number * 26 + ord(one) - 64
    return number or 1
