"""Reading registers: a file is checked whole, then written in small batches, row by row.

A row that makes no sense is refused by its line number and reason, and the others go in; a file
that is not what it says is refused whole before anything is written.
"""
