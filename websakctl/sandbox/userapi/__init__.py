"""The User API in both published versions, one module per subject."""
