"""The first things a person sees: the welcome over the empty canvas.

May import `ui.widgets` and the form.
Must never know jobs, disk or engine.
"""
