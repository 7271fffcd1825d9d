"""What the pages of the group Compare show."""
