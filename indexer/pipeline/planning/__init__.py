"""What a run has to do: files against the library, and the stages that each lacks."""
