"""What other programs and we ourselves write into picture files about their making.

May import what `gallery` may.
Must never decode a pixel, and never raise because of what a file says.
"""
