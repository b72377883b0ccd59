"""`python -m controller` is `kolco`."""

from controller.cli import main

main()
