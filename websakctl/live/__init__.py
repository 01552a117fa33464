"""The Websak admin API: the only place that talks HTTP."""

import sys

# httpx loads its own command line (click, rich, pygments) with itself, and does without where that is not to be had.
# We never use it, and it takes as long to load as all the rest of httpx.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is how Python is told that a module is not to be had
