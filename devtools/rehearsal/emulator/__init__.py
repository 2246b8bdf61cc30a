"""Patches for ministack 1.5.33, where it differs from AWS in a way that a rehearsal would notice.

Each module describes one gap and closes it by wrapping functions of ministack on import. `app` imports all of them and is the
application of the web server. The wrapped functions are private and may change with any release, so the version is pinned.
"""
