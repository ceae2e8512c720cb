"""What runs the stages of files, and the threads of this process as the default."""
