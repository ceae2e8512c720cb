"""Files in folders: listed, recognised, identified, ignored."""
