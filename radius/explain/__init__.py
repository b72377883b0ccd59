"""Why a device was let in or refused: each step of a decision in plain words, for the help desk."""
