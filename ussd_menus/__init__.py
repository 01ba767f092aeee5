"""What a caller can be shown: menus and texts as data, one pure machine that walks them.

`step(session, input) -> (session, screen, intents)`. Screens, SMS questions and voice prompts are
views of it. May import `shared` only.
"""
