"""The prompt panel: everything that goes into a request, and the button that sends it.

May import `ui.widgets`, the form and its choices, `gallery` and `messages`.
Must never know the engine thread or the queue: it reports wishes.
"""
