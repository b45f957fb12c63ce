"""The ways an export ends other than well."""


class SourceError(Exception):
    """The input is wrong (exit status 2). The message names the file or value and what would be accepted."""


class ExportError(Exception):
    """The export did not reach what it promises (exit status 1)."""
