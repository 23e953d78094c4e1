"""How many classes: criteria, classification, residuals, tests, and a choice with its reasons."""
