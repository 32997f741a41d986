"""polcheck.yaml: as written, checked, and in force together with the command line."""

from polcheck.config.agree import check_agreement
from polcheck.config.inforce import Given, InForce
from polcheck.config.listing import Value, listing
from polcheck.config.read import is_date, read
from polcheck.config.written import Override, PackEntry, Waiver, Written

__all__ = [
    "Given",
    "InForce",
    "Override",
    "PackEntry",
    "Value",
    "Waiver",
    "Written",
    "check_agreement",
    "is_date",
    "listing",
    "read",
]
