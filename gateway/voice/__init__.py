"""Calls with callers: who rings us once or asks to be called is called, and hears the menus."""
