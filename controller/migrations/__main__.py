"""`python -m controller.migrations "what changes"`: writes the next version from the models."""

import sys

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from controller.migrations import config

if __name__ == "__main__":
    with sa.create_engine("sqlite://").begin() as connection:
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
        number = f"{len(list(ScriptDirectory.from_config(made).walk_revisions())) + 1:04}"
        command.revision(made, " ".join(sys.argv[1:]) or "change", autogenerate=True, rev_id=number)
