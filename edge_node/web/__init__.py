"""The box's HTTP interface on the hospital's network: a JSON API now, the console on top of it."""
