"""Extract: from one file's bytes and the plan's probes to plain rows. Pure: no disk, no other file."""

from polcheck.extract.asked import Asked
from polcheck.extract.extractor import Extractor
from polcheck.extract.risk import TooRisky
from polcheck.extract.rows import VALUE, WHOLE, Facts, FileRows

__all__ = ["VALUE", "WHOLE", "Asked", "Extractor", "Facts", "FileRows", "TooRisky"]
