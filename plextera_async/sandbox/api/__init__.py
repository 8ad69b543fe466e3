"""What each operation does, one file per resource: from a call and the world to an answer."""
