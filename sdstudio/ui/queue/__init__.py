"""The queue panel: the run in work and the runs that wait.

May import what `ui` may.
Must never know the engine: it shows the controller's queue and passes wishes on.
"""
