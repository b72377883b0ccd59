"""Lists over HTTP come in pages: the shape of a page and the parameters that ask for one.

Does not query: repositories take `limit` and `after` and return what they find.
"""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

Item = TypeVar("Item")

PAGE_MAX = 1000

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many items at most.")]
After = Annotated[
    str | None, Query(max_length=128, description="`next` of the page before; leave out for the first page.")
]


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    next: str | None = Field(None, description="Pass as `after` for the next page; null on the last one.")
    total: int | None = Field(None, description="Items on all pages together; null: not counted.")
