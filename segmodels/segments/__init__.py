"""Customers to segments."""
