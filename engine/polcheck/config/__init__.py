"""polcheck.yaml: as written, checked, and in force together with the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.on_demand import on_demand

if TYPE_CHECKING:
    from polcheck.config.agree import check_agreement
    from polcheck.config.inforce import Given, InForce
    from polcheck.config.listed import Value, listing
    from polcheck.config.reading import is_date, read
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

__getattr__ = on_demand(
    __name__,
    {
        "Given": "polcheck.config.inforce",
        "InForce": "polcheck.config.inforce",
        "Override": "polcheck.config.written",
        "PackEntry": "polcheck.config.written",
        "Value": "polcheck.config.listed",
        "Waiver": "polcheck.config.written",
        "Written": "polcheck.config.written",
        "check_agreement": "polcheck.config.agree",
        "is_date": "polcheck.config.reading",
        "listing": "polcheck.config.listed",
        "read": "polcheck.config.reading",
    },
)
