"""Lists the media files of folders, and recognises and identifies them."""
