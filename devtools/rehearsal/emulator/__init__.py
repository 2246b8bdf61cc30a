"""ministack 1.5.33 with the gaps closed that would make a rehearsal test the wrong thing.

Each module replaces functions of ministack by ones that wrap them, when it is imported, and says which gap that closes.
`app` imports all of them and is what the web server runs. ministack's functions are private and may change with any release,
so its version is pinned.
"""
