"""One drawer for each subject of the world."""
