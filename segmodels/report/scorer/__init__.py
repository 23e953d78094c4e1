"""Typing tools that score outside Python: JSON, SQL, a workbook and a form, all of the same probabilities."""
