"""Value models: purchases and spend."""
