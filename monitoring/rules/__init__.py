"""Recording and alert rules as code, one module per subject; `render.py` makes Prometheus's YAML of them."""
