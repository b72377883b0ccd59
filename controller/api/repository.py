"""What the database's own errors mean to somebody who asked the API. The API has no SQL of its own."""

import sqlalchemy as sa

DatabaseError = sa.exc.DBAPIError
"""Whatever the database refused, or did not answer."""


_AWAY_STATES = ("08", "53", "57", "55000")
"""How SQLSTATEs begin that speak of connections, exhausted resources, shutdown and closed databases
(PostgreSQL manual, appendix A)."""


def is_clash(error: DatabaseError) -> bool:
    """Tell whether somebody else's change came in between: the checks had passed before."""
    return isinstance(error, sa.exc.IntegrityError)


def is_away(error: DatabaseError) -> bool:
    """Tell whether the database is unreachable, going down or too busy."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return (
        error.connection_invalidated
        or isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
        or state.startswith(_AWAY_STATES)
    )
