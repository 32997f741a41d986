"""Writes reports at night."""

import os

from acme.web import App

app = App(bucket=os.getenv("REPORT_BUCKET", "local"))


@app.get("/reports")
def reports() -> list[str]:
    """Every report."""
    print("listing reports")
    return app.bucket.list()


@app.get("/health")
def health() -> str:
    """Whether the service is up."""
    return "up"
