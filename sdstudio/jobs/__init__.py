"""The waiting line: jobs, their cancel tokens, the queue, its journal and the runner.

May import `messages`, `errors` and the standard library.
Must never know Qt, torch or how an engine works.
"""
