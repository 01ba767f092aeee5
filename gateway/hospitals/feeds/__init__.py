"""Hospitals as other systems read them: what is public, and nothing of patients or telephones."""
