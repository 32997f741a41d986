"""Orders of a small shop."""

import os

from flask import Flask, jsonify

app = Flask(__name__)
DATABASE_URL = os.environ["DATABASE_URL"]
SMTP_HOST = os.getenv("SMTP_HOST", "localhost")


@app.get("/orders")
def orders():
    """Return all orders."""
    return jsonify([])


@app.post("/orders/cancel")
def cancel():
    """Cancel an order."""
    return jsonify({"cancelled": True})


if __name__ == "__main__":
    app.run(port=8000)
