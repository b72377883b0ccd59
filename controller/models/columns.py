"""Column types that tables share."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import mapped_column

from controller.core.db import UtcDateTime

Slug = Annotated[str, mapped_column(sa.String(63))]
"""A readable identifier: lower-case letters, digits and hyphens."""
Ulid = Annotated[str, mapped_column(sa.String(26))]
MacAddress = Annotated[str, mapped_column(sa.String(17))]
Serial = Annotated[str, mapped_column(sa.String(12))]
"""An access point's serial: 12 lower-case hex digits."""
Name = Annotated[str, mapped_column(sa.String(200))]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
Big = Annotated[int, mapped_column(sa.BigInteger)]
"""A 64-bit counter."""
JsonObject = Annotated[dict[str, Any], mapped_column(sa.JSON)]
JsonList = Annotated[list[Any], mapped_column(sa.JSON)]
