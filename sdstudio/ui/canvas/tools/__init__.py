"""The painter's tools: each turns a drag of the pointer into one act on the document.

May import what `ui` may, and the pen's points.
Must never know the panels around the canvas: tools report through their view.
"""
