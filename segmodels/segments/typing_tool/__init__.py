"""The typing tool: a few questions that place people in segments, and how well they do it."""
