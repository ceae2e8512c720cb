"""The commands of what is installed: settings, weights and plug-ins."""
