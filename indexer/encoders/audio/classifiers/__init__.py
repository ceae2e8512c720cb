"""Networks that name what is heard: musicnn, YAMNet and AST."""
