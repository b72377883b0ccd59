"""What the database's own errors mean to somebody who asked the API. The API has no SQL of its own."""

import sqlalchemy as sa

DatabaseError = sa.exc.DBAPIError
"""Whatever the database refused, or did not answer."""


def is_clash(error: DatabaseError) -> bool:
    """Tell whether somebody else's change came in between: the checks had passed before."""
    return isinstance(error, sa.exc.IntegrityError)
