"""USSD: the stored session, and one turn of it as one transaction."""
