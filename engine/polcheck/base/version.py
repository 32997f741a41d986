"""The version of this polcheck: the one place that says it; the build reads it here."""

VERSION = "0.1.0"
