"""A picture-book world that draws itself: pictures, captions and what is where."""
