"""Takes orders."""

import os

from acme.web import App

app = App(database=os.environ["DATABASE_URL"])


@app.get("/orders")
def orders() -> list[str]:
    """Every order."""
    return app.database.all("orders")


@app.post("/orders/new")
def new(order: str) -> None:
    """Takes an order."""
    app.database.add("orders", order)
