"""Trainers, each an `Engine` for a training request, and the world they draw.

May import `engine` and what lies below it.
Must never know Qt, the gallery or the cluster.
"""
