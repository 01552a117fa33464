"""The Setup API: case types, access codes, sub-org numbers, licences and rollout batches."""

from fastapi import FastAPI

from websakctl.sandbox.setupapi import document, router
from websakctl.sandbox.setupapi.seed import fill

__all__ = ["fill", "install"]


def install(app: FastAPI) -> None:
    """Serve the Setup API and its OpenAPI document from ``app``."""
    app.include_router(router.create_router())
    document.install(app)
