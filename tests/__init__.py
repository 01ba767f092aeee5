"""Journeys, tables, contracts, properties and simulations; one folder for each room and one for
whole journeys.
"""
